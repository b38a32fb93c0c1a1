import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 260;
/** Places are told from one another down to this width. */
const NARROW = 280;

export interface Line {
  name: string;
  /** The variable of the style sheet that has its colour. */
  colour: string;
  values: number[];
}

/** Whether the page is dark now: by its own choice, else by the system's. */
function isDark(): boolean {
  const theme = document.documentElement.dataset["theme"];
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function useDark(): boolean {
  const [dark, setDark] = useState(isDark);
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const look = () => setDark(isDark());
    const chosen = new MutationObserver(look);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    system.addEventListener("change", look);
    return () => {
      chosen.disconnect();
      system.removeEventListener("change", look);
    };
  }, []);
  return dark;
}

/** A colour as it is now: the canvas knows neither variables nor `light-dark`. */
function colourOf(place: HTMLElement, variable: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

interface Chart {
  label: string;
  /** In seconds since 1970. */
  times: number[];
  lines: Line[];
  month: (seconds: number) => string;
}

/** Lines over time, in percent. The numbers stand in a table beside it: this is for those who see. */
export default function LineChart(props: Chart) {
  const dark = useDark();
  return <Drawn key={dark ? "dark" : "light"} {...props} />;
}

function Drawn({ label, times, lines, month }: Chart) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const axis = { stroke: colourOf(box, "--soft"), grid: { stroke: colourOf(box, "--line"), width: 1 }, ticks: { stroke: colourOf(box, "--line"), width: 1 }, font: `13px ${getComputedStyle(box).fontFamily}` };
    const width = () => Math.max(NARROW, box.clientWidth);
    const chart = new uPlot(
      {
        width: width(),
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { time: false }, y: { range: [0, 100] } },
        axes: [
          { ...axis, splits: () => times, values: (_, at) => at.map((one, index) => (index % Math.ceil((at.length * 64) / width()) === 0 ? month(one) : "")), gap: 6 },
          { ...axis, size: 60, values: (_, at) => at.map((one) => `${one} %`) },
        ],
        series: [{}, ...lines.map((line) => ({ label: line.name, stroke: colourOf(box, line.colour), width: 2, points: { show: times.length < 40, size: 7 } }))],
      },
      [times, ...lines.map((line) => line.values)],
      box,
    );
    const watch = new ResizeObserver(() => chart.setSize({ width: width(), height: HEIGHT }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [times, lines, month]);
  return <div ref={place} className="line-chart" role="img" aria-label={label} />;
}
