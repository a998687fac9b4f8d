using Kopis.Fuzz.Targets;
using SharpFuzz;

namespace Kopis.Fuzz;

/// <summary>Puts SharpFuzz's counters into a copy of the build.</summary>
internal static class Instrumenting
{
    // What the fuzzer's own harness is made of stays as it is.
    private const string Own = "Kopis.Fuzz.dll";

    /// <summary>The assemblies of a build that are tried.</summary>
    internal static IEnumerable<string> Assemblies(string directory) =>
        Directory.GetFiles(directory, "Kopis.*.dll")
            .Append(Path.Combine(directory, "DnsClient.dll"))
            .Where(path => !path.EndsWith(".Tests.dll", StringComparison.Ordinal));

    /// <summary>Changes all of them where they lie.</summary>
    /// <param name="directory">A copy of the build.</param>
    /// <param name="forCoverage">Each block calls back too: slow, for counting.</param>
    internal static void Run(string directory, bool forCoverage)
    {
        // SharpFuzz takes this from the environment only, at its first use.
        Environment.SetEnvironmentVariable(
            "SHARPFUZZ_ENABLE_ON_BRANCH_CALLBACK", forCoverage ? "1" : null);
        foreach (string path in Assemblies(directory))
        {
            bool own = Path.GetFileName(path) == Own;
            string planted = typeof(Planted).FullName!;
            Fuzzer.Instrument(path, type => !own || type == planted, Options.Value);
        }
    }
}
