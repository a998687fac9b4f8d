using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Tickets;

/// <summary>Logs refusals, at most one line a minute, since a refused process may try without end.
/// </summary>
public sealed class RefusalLog(string program, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private long? _last;

    /// <summary>Logs a refusal, unless one was logged in the last minute.</summary>
    public void Refused(string what)
    {
        if (_last is not { } last || time.GetElapsedTime(last) >= Pause)
        {
            _last = time.GetTimestamp();
            Fd.WriteAll(2, ByteText.ToBytes($"{program}: refused: {what}\n"));
        }
    }
}
