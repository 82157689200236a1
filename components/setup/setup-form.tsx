"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Controller, useForm } from "react-hook-form";
import { setupRequest } from "@/server/contract/environment.ts";
import { useApi } from "../data/api.ts";
import { type Refusal, refusalOf } from "../data/refusal.ts";
import { Callout } from "../display/notice.tsx";
import { signIn } from "../sign-in/sign-in.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { ColourChoice } from "./colour-choice.tsx";

interface SetupFormProps {
  readonly token: string;
  readonly onCreated: (secret: string) => void;
}

const FIELDS = ["name", "email", "password", "environment.name", "environment.colour"] as const;

function sentenceOf({ problem, message }: Refusal): string {
  if (problem === "forbidden") return "This link is not valid any more. Open the one that the server printed last.";
  if (problem === "already-set-up") return "Somebody has set this server up already. Sign in instead.";
  return message;
}

export function SetupForm({ token, onCreated }: SetupFormProps) {
  const api = useApi();
  const queries = useQueryClient();
  const create = useMutation(api.setup.create.mutationOptions());
  const { register, control, handleSubmit, setError, formState } = useForm({
    resolver: zodResolver(setupRequest),
    defaultValues: {
      token,
      name: "",
      email: "",
      password: "",
      environment: { name: "", colour: "blue" as const },
    },
  });
  const { errors, isSubmitting } = formState;

  const submit = handleSubmit(async (request) => {
    try {
      const { apiKey } = await create.mutateAsync(request);
      // The administrator exists from here on: should signing in fail, the key must still be shown.
      await signIn(request.email, request.password);
      onCreated(apiKey.secret);
      await queries.invalidateQueries();
    } catch (error) {
      const refusal = refusalOf(error);
      const faults = refusal.fields.flatMap(({ field, message }) => {
        const name = FIELDS.find((it) => it === field);
        return name === undefined ? [] : [{ name, message }];
      });
      for (const { name, message } of faults) setError(name, { message });
      if (faults.length === 0) setError("root", { message: sentenceOf(refusal) });
    }
  });

  return (
    <form className="flex flex-col gap-4" noValidate onSubmit={submit}>
      {errors.root?.message === undefined ? null : <Callout tone="bad">{errors.root.message}</Callout>}
      <Field error={errors.name?.message} hint="Stands in the audit beside what you do." label="Your name">
        <Input autoComplete="name" autoFocus {...register("name")} />
      </Field>
      <Field error={errors.email?.message} label="E-mail">
        <Input autoComplete="username" type="email" {...register("email")} />
      </Field>
      <Field error={errors.password?.message} hint="At least 10 characters." label="Password">
        <Input autoComplete="new-password" type="password" {...register("password")} />
      </Field>
      <Field
        error={errors.environment?.name?.message}
        hint="On every page, in the tab's title and its icon, so that nobody mistakes one for another."
        label="Environment"
      >
        <Input placeholder="Production" {...register("environment.name")} />
      </Field>
      <Controller
        control={control}
        name="environment.colour"
        render={({ field }) => <ColourChoice onChange={field.onChange} value={field.value} />}
      />
      <Button isBusy={isSubmitting} look="primary" type="submit">
        {isSubmitting ? "Setting up…" : "Set up"}
      </Button>
    </form>
  );
}
