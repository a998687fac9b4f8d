using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>A running <c>qmail-getpw --serve</c>. It is started for the first question, and again
/// after it has ended. So neither root nor a process that may read all files calls the name service
/// itself. Not thread-safe.</summary>
/// <remarks>A question is a packet: a byte and the local part, together with the socket for the
/// answer. The answer is one packet, too (<see cref="LookupResult.OfAnswer"/>).</remarks>
/// <param name="program">The program to start, and the user to start it as.</param>
public sealed class GetpwService(ProcessStart program)
{
    private const int Kill = 9;

    // The modules of the name service, or the site's own program, must not write into our log.
    private readonly int _nothing = Fd.Open("/dev/null", OpenFlags.ReadWrite);
    private readonly List<int> _ended = [];
    private int _pid;
    private int _socket = -1;

    /// <summary>The program, to be started as our own user, with the socket for its questions as
    /// descriptor 0.</summary>
    public static ProcessStart Program(ProgramContext context) =>
        ProcessStart.Own(context, "qmail-getpw", "--serve"u8.ToArray(), "0"u8.ToArray());

    /// <summary>Asks a question; the answer comes on the returned descriptor.</summary>
    /// <exception cref="PosixException">The program cannot be started.</exception>
    public int Ask(ReadOnlySpan<byte> local)
    {
        (int answer, int end) = Fd.PacketSocketPair();
        try
        {
            byte[] question = [0, .. local];
            if (_socket < 0 || !TrySend(question, end))
            {
                End();
                Start();
                _ = TrySend(question, end); // If it fails, the answer is empty.
            }
        }
        catch (PosixException)
        {
            Fd.Close(answer);
            throw;
        }
        finally
        {
            Fd.Close(end);
        }

        return answer;
    }

    /// <summary>Ends the program, whatever it is doing. Waiting questions get no answer.</summary>
    public void End()
    {
        if (_socket >= 0)
        {
            Processes.Signal(_pid, Kill);
            Fd.Close(_socket);
            _ended.Add(_pid); // It may hang on a disk that is away; we do not wait for it.
            _socket = -1;
        }
    }

    private bool TrySend(byte[] question, int end)
    {
        try
        {
            return FdPassing.TrySend(_socket, question, end) == question.Length;
        }
        catch (PosixException)
        {
            return false; // The program has ended.
        }
    }

    private void Start()
    {
        _ended.RemoveAll(pid => Processes.TryWait(pid) is not null);
        (int ours, int theirs) = Fd.PacketSocketPair();
        try
        {
            _pid = (program with
            {
                Descriptors = new Dictionary<int, int>
                {
                    [0] = theirs, [1] = _nothing, [2] = _nothing,
                },
            }).Start();
            (_socket, ours) = (ours, -1);
            Fd.SetNonBlocking(_socket, true);
        }
        finally
        {
            Fd.Close(ours);
            Fd.Close(theirs);
        }
    }
}
