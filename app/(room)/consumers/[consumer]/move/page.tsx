import { redirect } from "next/navigation";

/** The form stands on the consumer's page; this is the address one types. */
export default async function Move({ params }: { params: Promise<{ consumer: string }> }) {
  redirect(`/consumers/${(await params).consumer}?move=true`);
}
