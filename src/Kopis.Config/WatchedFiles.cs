using Kopis.Posix;

namespace Kopis.Config;

/// <summary>Files that people may change while a program runs.</summary>
/// <param name="paths">The files, whether they exist or not.</param>
public sealed class WatchedFiles(IReadOnlyList<string> paths)
{
    private readonly byte[][] _paths = [.. paths.Select(Fd.PathBytes)];
    private FileStatus?[] _seen = [];

    /// <summary>Whether a file has changed, appeared or gone since the last call; always true at
    /// the first call. Call this before reading the files: a change in between is then seen the
    /// next time.</summary>
    public bool HaveChanged()
    {
        FileStatus?[] now = Array.ConvertAll(_paths, Look);
        bool changed = !now.AsSpan().SequenceEqual(_seen);
        _seen = now;
        return changed;
    }

    // Access time is ignored.
    private static FileStatus? Look(byte[] path) =>
        Fd.TryStatus(path, out _) is { } status ? status with { Accessed = default } : null;
}
