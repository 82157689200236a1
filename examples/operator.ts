/** Asks the control plane for something, as an operator's script does; the pages of the control room ask for the same. */
export type Operate = (path: string, body: object) => Promise<unknown>;

export function operator({ url, apiKey }: { url: string; apiKey: string }): Operate {
  return async (path, body) => {
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${answer.detail}`);
    return answer;
  };
}
