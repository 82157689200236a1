import { Suspense } from "react";
import { Card } from "@/components/sign-in/card.tsx";
import { LoginForm } from "@/components/sign-in/login-form.tsx";

export default function LoginPage() {
  return (
    <Card title="Sign in">
      <Suspense>
        <LoginForm />
      </Suspense>
    </Card>
  );
}
