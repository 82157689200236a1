import { PageTitle } from "@/components/shell/environment-mark.tsx";
import { InBrowser } from "@/components/shell/in-browser.tsx";
import { LoginForm } from "@/components/sign-in/login-form.tsx";

export default function LoginPage() {
  return (
    <InBrowser until={<PageTitle title="Sign in" />}>
      <LoginForm />
    </InBrowser>
  );
}
