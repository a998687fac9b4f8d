using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Tickets;

/// <summary>Lines about what was refused, one a minute at most: who is refused may try without
/// end.</summary>
public sealed class RefusalLog(string program, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private long? _last;

    /// <summary>Logs that this was refused, unless something was a moment ago.</summary>
    public void Refused(string what)
    {
        if (_last is not { } last || time.GetElapsedTime(last) >= Pause)
        {
            _last = time.GetTimestamp();
            Fd.WriteAll(2, ByteText.ToBytes($"{program}: refused: {what}\n"));
        }
    }
}
