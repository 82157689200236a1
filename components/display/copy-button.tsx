"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button.tsx";

const SHOWN_MS = 1_500;

export function CopyButton({ text, label = "Copy", className }: { text: string; label?: string; className?: string }) {
  const [isCopied, setIsCopied] = useState(false);

  async function copy() {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), SHOWN_MS);
  }

  return (
    <Button
      look="ghost"
      size="icon"
      aria-label={isCopied ? "Copied" : label}
      title={label}
      onClick={copy}
      {...(className === undefined ? {} : { className })}
    >
      {isCopied ? <Check className="text-ok" /> : <Copy />}
    </Button>
  );
}
