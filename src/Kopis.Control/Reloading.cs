using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Control;

/// <summary>
/// A value made from files, made again when one of them has changed: qmail's "read per process" for
/// a program that lives long. May be used from many threads.
/// </summary>
/// <param name="paths">The files, whether they exist or not.</param>
/// <param name="load">Makes the value; may throw <see cref="ConfigurationException"/>, and is then
/// asked again the next time.</param>
/// <param name="time">The clock.</param>
public sealed class Reloading<T>(IReadOnlyList<string> paths, Func<T> load, TimeProvider time)
    where T : class
{
    /// <summary>How old the value may be. A change is seen before whoever made it can look, and
    /// thousands of connections a second do not each look at fifty files.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly byte[][] _paths = [.. paths.Select(Fd.PathBytes)];
    private readonly Lock _lock = new();
    private FileStatus?[] _seen = [];
    private T? _value;
    private long _lookedAt;

    /// <summary>The value as of now.</summary>
    public T Current()
    {
        lock (_lock)
        {
            if (_value is not null && time.GetElapsedTime(_lookedAt) < LookAgain)
            {
                return _value;
            }

            _lookedAt = time.GetTimestamp();

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
