const PATHS = {
  home: "M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
  catalogue: "M11 18a7 7 0 1 1 0-14 7 7 0 0 1 0 14zm5-2 5 5",
  certificate: "M5 4h14v11H5zM8 8h8M8 11h5M14 15v6l2-1.500 2 1.500v-6",
  requirements: "M5 4h14v16H5zM8 10l2 2 4-4M8 16h8",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  check: "m5 12.500 4.500 4.500L19 7",
  lesson: "M4 6c3-1 5.500-.6 8 1 2.500-1.600 5-2 8-1v12c-3-1-5.500-.6-8 1-2.500-1.600-5-2-8-1zM12 7v12",
  quiz: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.1M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
  assessment: "M12 3l2.700 5.600 6.200.8-4.600 4.200 1.200 6.100L12 16.800l-5.500 2.900 1.200-6.100L3.100 9.400l6.200-.8z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
