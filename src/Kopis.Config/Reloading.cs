namespace Kopis.Config;

/// <summary>A value made from files, which is made again when one of them has changed. qmail reads
/// control files once per process; this serves programs that live long. May be used from many
/// threads.</summary>
/// <param name="paths">The files, whether they exist or not.</param>
/// <param name="load">Makes the value. If it throws <see cref="Base.ConfigurationException"/>, the
/// next use calls it again.</param>
/// <param name="time">The clock.</param>
public sealed class Reloading<T>(IReadOnlyList<string> paths, Func<T> load, TimeProvider time)
    where T : class
{
    /// <summary>How long the value is used before the files are checked again. This is short enough
    /// that a person who changes a file sees the effect, and keeps thousands of connections a
    /// second from each checking fifty files.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly WatchedFiles _files = new(paths);
    private readonly Lock _lock = new();
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
            if (_files.HaveChanged() || _value is null)
            {
                _value = null;
                _value = load();
            }

            return _value;
        }
    }
}
