import { Loading } from "@/components/shell/loading.tsx";

export default function RoomLoading() {
  return <Loading />;
}
