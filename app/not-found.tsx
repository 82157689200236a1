import { SearchX } from "lucide-react";
import Link from "next/link";
import { Empty } from "@/components/display/notice.tsx";
import { PageTitle } from "@/components/shell/environment-mark.tsx";
import { buttonStyle } from "@/components/ui/button-style.ts";

export default function NotFound() {
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <PageTitle title="Not found" />
      <h1 className="sr-only">Not found</h1>
      <Empty
        icon={SearchX}
        title="There is no such page"
        action={
          <Link href="/" className={buttonStyle()}>
            Overview
          </Link>
        }
      >
        The address may be mistyped, or the page may belong to another version.
      </Empty>
    </main>
  );
}
