import { BinPage } from "@/components/bin/bin-page.tsx";

export default function Bin() {
  return <BinPage />;
}
