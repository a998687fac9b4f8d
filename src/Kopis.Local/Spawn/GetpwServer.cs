using Kopis.Base;
using Kopis.Local.Worker;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Spawn;

/// <summary><c>qmail-getpw --serve</c>: answers the questions of one <see cref="GetpwService"/>,
/// each on a thread, so that a name which the name service answers slowly delays no other.
/// </summary>
internal sealed class GetpwServer(ProgramContext context)
{
    // As many as qmail-lspawn has deliveries at a time; an idle one costs some 20 KB.
    private const int ThreadsMax = 120;
    private const int Asked = 0;
    private const int StackBytes = 1024 * 1024; // Modules of the name service run on it.

    private readonly PasswordLookup _lookup =
        new(UnixUsers.ByName, new AliasesFirst(context.Home).Has);
    private readonly byte[] _program = Fd.PathBytes(context.In("bin/qmail-getpw"))[..^1];

    /// <summary>Answers until the other end is closed.</summary>
    internal void Run()
    {
        WorkerThreads workers = new(ThreadsMax, StackBytes);
        byte[] packet = new byte[LookupResult.AnswerBytesMax];
        int got;
        while ((got = FdPassing.Receive(Asked, packet, out int answer)) > 0)
        {
            byte[] local = packet[1..got];
            if (answer >= 0)
            {
                workers.Add(() => Answer(local, answer));
            }
        }
    }

    private void Answer(byte[] local, int answer)
    {
        try
        {
            // A site's own program is run for each name.
            byte[] result = OwnProgram.NameOf(context.Environment, _program) is not null
                ? _lookup.Find(local).ToAnswer()
                : ForeignGetpw.Run(context, local);
            FdPassing.Send(answer, result, fd: -1);
        }
        catch (PosixException)
        {
            // The asking process no longer waits, or there are no descriptors. No answer means
            // later.
        }
        finally
        {
            Fd.Close(answer);
        }
    }
}
