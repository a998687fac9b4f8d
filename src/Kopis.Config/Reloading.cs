namespace Kopis.Config;

/// <summary>
/// A value made from files, made again when one of them has changed: qmail's "read per process" for
/// a program that lives long. May be used from many threads.
/// </summary>
/// <param name="paths">The files, whether they exist or not.</param>
/// <param name="load">Makes the value; may throw
/// <see cref="Base.ConfigurationException"/>, and is then called again the next time.</param>
/// <param name="time">The clock.</param>
public sealed class Reloading<T>(IReadOnlyList<string> paths, Func<T> load, TimeProvider time)
    where T : class
{
    /// <summary>How old the value may be. A change is seen before anyone who made it can look, and
    /// thousands of connections a second do not each look at fifty files.</summary>
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
