import { ButtonLink } from "@/components/ui/button.tsx";

export default function NotFound() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-2 px-6 text-center">
      <title>Nothing here · Millrace</title>
      <p className="font-mono text-faint text-xs">404</p>
      <h1 className="text-lg">There is nothing at this address</h1>
      <p className="max-w-sm text-muted text-sm">The link may be old, or a letter of it may be missing.</p>
      <ButtonLink className="mt-3" href="/" look="primary">
        To the overview
      </ButtonLink>
    </main>
  );
}
