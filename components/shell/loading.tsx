import { Skeleton } from "../ui/skeleton.tsx";
import { PageTitle } from "./environment-mark.tsx";

/** The frame of a page that is on its way. */
export function Loading() {
  return (
    <div aria-hidden="true" className="flex min-h-dvh flex-col">
      <PageTitle title="" />
      <div className="flex h-[47px] items-center border-line border-b px-5">
        <Skeleton className="h-4 w-40" />
      </div>
      <div className="flex flex-col gap-5 p-5">
        <Skeleton className="h-11 w-full rounded-lg" />
        <Skeleton className="h-64 w-full rounded-lg" />
      </div>
    </div>
  );
}
