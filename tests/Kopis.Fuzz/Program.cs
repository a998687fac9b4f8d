// What tests/fuzz calls; see there.
using System.Globalization;
using Kopis.Fuzz;
using SharpFuzz;

switch (args)
{
    case ["list"]:
        foreach (FuzzTarget each in TargetTable.All)
        {
            Console.WriteLine(each.Name);
        }

        return 0;
    case ["instrument", string directory, .. string[] rest]:
        Instrumenting.Run(directory, rest is ["--coverage"]);
        return 0;
    case ["run", string name]:
        FuzzTarget target = TargetTable.Find(name);
        Fuzzer.Run(stream =>
        {
            using MemoryStream input = new();
            stream.CopyTo(input);
            target.Run(input.ToArray());
        });
        return 0;
    case ["replay", string name, .. string[] files]:
        foreach (string file in files)
        {
            TargetTable.Find(name).Run(File.ReadAllBytes(file));
        }

        return 0;
    case ["coverage", string name, .. string[] files]:
        (int hit, int all) = BlockCoverage.Measure(TargetTable.Find(name), files);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{hit} {all} {100.0 * hit / Math.Max(1, all):f0}"));
        return 0;
    default:
        Console.Error.WriteLine(
            "usage: Kopis.Fuzz list | instrument DIR [--coverage] | run TARGET"
            + " | replay TARGET FILE... | coverage TARGET FILE...");
        return 100;
}
