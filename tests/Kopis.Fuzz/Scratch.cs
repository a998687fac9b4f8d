using System.Runtime.CompilerServices;

namespace Kopis.Fuzz;

/// <summary>Directories in memory for parsers that read files; removed at the end.</summary>
internal static class Scratch
{
    private static readonly string Root = Make();
    private static int _made;

    /// <summary>A new directory.</summary>
    internal static string Directory([CallerMemberName] string name = "")
    {
        // Short: the path of a socket in it has 107 bytes at most.
        string path = Path.Combine(Root, $"{name}-{Interlocked.Increment(ref _made)}");
        System.IO.Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>A new qmail home with control files.</summary>
    internal static string Home(params (string Name, string Line)[] files)
    {
        string home = Directory();
        System.IO.Directory.CreateDirectory(Path.Combine(home, "control"));
        foreach ((string name, string line) in files)
        {
            File.WriteAllText(Path.Combine(home, "control", name), line + "\n");
        }

        return home;
    }

    private static string Make()
    {
        // tests/fuzz names one that it removes itself: a fuzzer kills without a warning.
        string parent = Environment.GetEnvironmentVariable("KOPIS_FUZZ_PLACE")
            ?? (System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath());
        string root = Path.Combine(parent, $"kopis-fuzz-{Guid.NewGuid().ToString("n")[..12]}");
        System.IO.Directory.CreateDirectory(root);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            System.IO.Directory.Delete(root, recursive: true);
        return root;
    }
}
