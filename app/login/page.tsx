import { Suspense } from "react";
import { LoginForm } from "@/components/sign-in/login-form.tsx";

export default function LoginPage() {
  return (
    <Suspense>
      <LoginForm />
    </Suspense>
  );
}
