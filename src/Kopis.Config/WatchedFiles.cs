using Kopis.Posix;

namespace Kopis.Config;

/// <summary>Files that people change while a program reads them.</summary>
/// <param name="paths">The files, whether they exist or not.</param>
public sealed class WatchedFiles(IReadOnlyList<string> paths)
{
    private readonly byte[][] _paths = [.. paths.Select(Fd.PathBytes)];
    private FileStatus?[] _seen = [];

    /// <summary>Whether one has changed since the last call, has come or has gone; at the first
    /// call always. Ask before reading them: a change in between is seen the next time.</summary>
    public bool HaveChanged()
    {
        FileStatus?[] now = Array.ConvertAll(_paths, Look);
        bool changed = !now.AsSpan().SequenceEqual(_seen);
        _seen = now;
        return changed;
    }

    // The time of the last read is no change.
    private static FileStatus? Look(byte[] path) =>
        Fd.TryStatus(path, out _) is { } status ? status with { Accessed = default } : null;
}
