using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Control;

/// <summary>
/// A value made from files, made again when one of them has changed: qmail's "read per process" for
/// a program that lives long. Costs one stat a file. May be used from many threads.
/// </summary>
/// <param name="paths">The files, whether they exist or not.</param>
/// <param name="load">Makes the value; may throw <see cref="ConfigurationException"/>, and is then
/// asked again the next time.</param>
public sealed class Reloading<T>(IReadOnlyList<string> paths, Func<T> load)
    where T : class
{
    private readonly byte[][] _paths = [.. paths.Select(Fd.PathBytes)];
    private readonly Lock _lock = new();
    private FileStatus?[] _seen = [];
    private T? _value;

    /// <summary>The value as of now.</summary>
    public T Current()
    {
        lock (_lock)
        {
            // The files are looked at before they are read: a change in between is seen next time.
            FileStatus?[] now = Array.ConvertAll(_paths, Look);
            if (_value is null || !now.AsSpan().SequenceEqual(_seen))
            {
                _value = null;
                _value = load();
                _seen = now;
            }

            return _value;
        }
    }

    // The time of the last read is no change.
    private static FileStatus? Look(byte[] path) =>
        Fd.TryStatus(path, out _) is { } status ? status with { Accessed = default } : null;
}
