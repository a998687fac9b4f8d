using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>A running <c>qmail-getpw --serve</c>, started when it is asked and whenever it has
/// ended: neither root nor who may read all files asks the name service. One thread.</summary>
/// <remarks>A question is a packet: a byte, the local part, and with it the socket for the answer,
/// which is one packet too (<see cref="LookupResult.OfAnswer"/>).</remarks>
/// <param name="program">What is started, as whom.</param>
public sealed class GetpwService(ProcessStart program)
{
    private const int Kill = 9;

    // What it runs, modules of the name service or the site's own program, writes nothing into the
    // log of who asks.
    private readonly int _nothing = Fd.Open("/dev/null", OpenFlags.ReadWrite);
    private readonly List<int> _ended = [];
    private int _pid;
    private int _socket = -1;

    /// <summary>The program as we are, with the socket of its questions as descriptor 0.</summary>
    public static ProcessStart Program(ProgramContext context) =>
        ProcessStart.Own(context, "qmail-getpw", "--serve"u8.ToArray(), "0"u8.ToArray());

    /// <summary>Asks; the answer comes on the descriptor that is returned.</summary>
    /// <exception cref="PosixException">It cannot be run.</exception>
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
                _ = TrySend(question, end); // Where that fails, the answer is the end.
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

    /// <summary>Ends it, whatever it does. Waiting questions get no answer.
    /// </summary>
    public void End()
    {
        if (_socket >= 0)
        {
            Processes.Signal(_pid, Kill);
            Fd.Close(_socket);
            _ended.Add(_pid); // It may wait for a disk that is away; we do not wait for it.
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
            return false; // It has ended.
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
