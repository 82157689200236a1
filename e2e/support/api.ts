import { createClient } from "../../client/create-client.ts";
import { API_KEY } from "./global-setup.ts";

/** The server of the run, as a component sees it. */
export function serverUrl(): string {
  const url = process.env.MILLRACE_E2E_URL;
  if (url === undefined) throw new Error("the global set-up has not run");
  return url;
}

export const client = () => createClient({ url: serverUrl(), apiKey: API_KEY });

/** A name that no other test uses. */
export function uniqueName(beginning: string): string {
  return `${beginning}-${Math.random().toString(36).slice(2, 8)}`;
}

/** A call of the operators' API. */
export async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${serverUrl()}/v1${path}`, {
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** Puts a topic into the bin. */
export async function removeTopic(topic: string): Promise<void> {
  const remove = async (query: string) => {
    const headers = { authorization: `Bearer ${API_KEY}` };
    const answer = await fetch(`${serverUrl()}/v1/topics/${topic}?${query}`, { method: "DELETE", headers });
    if (!answer.ok) throw new Error(`removing ${topic}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { token: string };
  };
  const { token } = await remove("dryRun=true");
  await remove(`token=${token}&reason=a+test`);
}
