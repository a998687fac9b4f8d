using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Users.Lookup;

/// <summary>Looks up users of the host through a <see cref="GetpwService"/>, without blocking a
/// thread. May be used from many threads.</summary>
internal sealed class HostUsers(ProgramContext context)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly GetpwService _service = new(GetpwService.Program(context) with
    {
        // The service has none of our rights.
        Confinement = Confinement.NoNewRights with { NoCapabilities = true },
    });

    private readonly byte[] _program = Fd.PathBytes(context.In("bin/qmail-getpw"))[..^1];
    private int _answers;

    /// <summary>Looks up a local part; reports a temporary failure if that takes too long.
    /// </summary>
    internal async Task<LookupResult> FindAsync(byte[] local)
    {
        int answers = Volatile.Read(ref _answers);
        try
        {
            using Socket socket = Ask(local);
            using CancellationTokenSource limit = new(Timeout);
            byte[] answer = new byte[LookupResult.AnswerBytesMax + 1];
            int got = await socket.ReceiveAsync(answer, limit.Token);
            Interlocked.Increment(ref _answers);
            return LookupResult.OfAnswer(
                answer.AsSpan(0, got), OwnProgram.NameOf(context.Environment, _program) is null);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                if (_answers == answers)
                {
                    _service.End(); // It hangs: the next question starts another.
                }
            }

            return LookupResult.Trouble(SpawnCode.System);
        }
        catch (SocketException)
        {
            return LookupResult.Trouble(SpawnCode.System);
        }
        catch (PosixException)
        {
            return LookupResult.Trouble(SpawnCode.CannotRunGetpw);
        }
    }

    private Socket Ask(byte[] local)
    {
        lock (_lock)
        {
            return new Socket(new SafeSocketHandle(_service.Ask(local), ownsHandle: true));
        }
    }
}
