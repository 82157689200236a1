import { TabLinks } from "../ui/tabs.tsx";

export function TopicTabs({ topic, current }: { topic: string; current: "facts" | "events" }) {
  return (
    <TabLinks
      label={`Parts of ${topic}`}
      tabs={[
        { href: `/topics/${topic}`, label: "Overview", isCurrent: current === "facts" },
        { href: `/topics/${topic}/events`, label: "Events", isCurrent: current === "events" },
      ]}
    />
  );
}
