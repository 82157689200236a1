interface SparklineProps {
  /** Oldest first. Fewer than `slots` stand at the right: what is not known is not drawn as nothing. */
  readonly values: readonly number[];
  readonly slots?: number;
  readonly label: string;
  readonly className?: string;
}

const WIDTH = 600;
const HEIGHT = 100;
const LINES = [0.25, 0.5, 0.75];

/** A line without axes; what it says stands in its label. */
export function Sparkline({ values, slots = 120, label, className }: SparklineProps) {
  const top = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, slots - 1);
  const left = WIDTH - step * Math.max(0, values.length - 1);
  const points = values
    .map((value, index) => `${(left + index * step).toFixed(1)},${(HEIGHT - (value / top) * (HEIGHT - 2)).toFixed(1)}`)
    .join(" ");
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={className}
    >
      {LINES.map((at) => (
        <line
          key={at}
          x1={0}
          x2={WIDTH}
          y1={HEIGHT * at}
          y2={HEIGHT * at}
          stroke="var(--line)"
          strokeDasharray="2 4"
          vectorEffect="non-scaling-stroke"
        />
      ))}
      <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} stroke="var(--line-strong)" vectorEffect="non-scaling-stroke" />
      {values.length < 2 ? null : (
        <>
          <polygon
            points={`${left.toFixed(1)},${HEIGHT} ${points} ${WIDTH},${HEIGHT}`}
            fill="var(--accent)"
            opacity="0.1"
          />
          <polyline
            points={points}
            fill="none"
            stroke="var(--accent)"
            strokeWidth="1.5"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        </>
      )}
    </svg>
  );
}
