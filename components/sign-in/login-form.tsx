"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useQuery } from "@tanstack/react-query";
import { redirect, useSearchParams } from "next/navigation";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { useApi } from "../data/api.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Entrance } from "./entrance.tsx";
import { nextPath } from "./next-path.ts";
import { signIn } from "./sign-in.ts";

const credentials = z.object({
  email: z.email("Enter the e-mail address you sign in with."),
  password: z.string().min(1, "Enter your password."),
});

export function LoginForm() {
  const api = useApi();
  const status = useQuery(api.setup.status.queryOptions(undefined, { staleTime: 60_000 }));
  const session = useQuery(api.session.current.queryOptions());
  const next = nextPath(useSearchParams().get("next"));
  const { register, handleSubmit, setError, formState } = useForm({
    resolver: zodResolver(credentials),
    defaultValues: { email: "", password: "" },
  });
  const { errors, isSubmitting, isSubmitSuccessful } = formState;

  if (status.data?.isNeeded === true) redirect("/setup");
  if (session.data !== undefined && session.data.person !== null) redirect(next);

  const submit = handleSubmit(async ({ email, password }) => {
    const problem = await signIn(email, password);
    if (problem !== null) return setError("root", { message: problem });
    // A whole load: what was cached for nobody must not be shown to somebody.
    window.location.assign(next);
  });

  const environment = status.data?.environment.name;
  return (
    <Entrance text={environment === undefined ? "\u00a0" : `to the control room of ${environment}`} title="Sign in">
      <form className="flex flex-col gap-4" noValidate onSubmit={submit}>
        {errors.root?.message === undefined ? null : <Callout tone="bad">{errors.root.message}</Callout>}
        <Field error={errors.email?.message} label="E-mail">
          <Input autoComplete="username" autoFocus type="email" {...register("email")} />
        </Field>
        <Field error={errors.password?.message} label="Password">
          <Input autoComplete="current-password" type="password" {...register("password")} />
        </Field>
        <Button isBusy={isSubmitting || isSubmitSuccessful} look="primary" type="submit">
          {isSubmitting || isSubmitSuccessful ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </Entrance>
  );
}
