using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// A running <c>bin/qmail-getpw LOCAL</c>: the name service is not asked by root.
/// </summary>
public sealed class GetpwChild
{
    private const int AnswerBytesMax = 16 * 1024; // Six fields; a local part has at most 1003.

    private const int Kill = 9;

    private readonly byte[] _answer = new byte[AnswerBytesMax];
    private readonly int _pid;
    private int _length;

    /// <summary>Starts it.</summary>
    /// <param name="context">The program's own.</param>
    /// <param name="runsAs">Who it is; null as we are, without our capabilities.</param>
    /// <param name="local">The address's local part.</param>
    /// <exception cref="PosixException">It cannot be run.</exception>
    public GetpwChild(ProgramContext context, UnixUser? runsAs, byte[] local)
    {
        (int read, int write) = Fd.Pipe();
        int none = Fd.Open("/dev/null", OpenFlags.ReadOnly);
        try
        {
            _pid = new ProcessStart
            {
                Path = context.In("bin/qmail-getpw"),
                Arguments = ["bin/qmail-getpw"u8.ToArray(), local],
                Environment = context.Environment,
                Directory = context.Home,
                Descriptors = new Dictionary<int, int> { [0] = none, [1] = write, [2] = 2 },
                Identity = runsAs is null
                    ? null
                    : ProcessIdentity.Of(runsAs),
                Confinement = runsAs is null
                    ? Confinement.NoNewRights with { NoCapabilities = true }
                    : null,
            }.Start();
            Descriptor = read;
        }
        catch
        {
            Fd.Close(read);
            throw;
        }
        finally
        {
            Fd.Close(write);
            Fd.Close(none);
        }
    }

    /// <summary>Readable when there is more to <see cref="Read"/>.</summary>
    public int Descriptor { get; }

    /// <summary>Ends it, whatever it does.</summary>
    public void Abandon()
    {
        Processes.Signal(_pid, Kill);
        Fd.Close(Descriptor);
        Processes.Wait(_pid);
    }

    /// <summary>Reads on; the result once it has ended.</summary>
    public LookupResult? Read()
    {
        int got = _length == AnswerBytesMax
            ? 0
            : Fd.Read(Descriptor, _answer.AsSpan(_length));
        if (got > 0)
        {
            _length += got;
            return null;
        }

        Fd.Close(Descriptor);
        WaitStatus status = Processes.Wait(_pid);
        return status.Crashed ? LookupResult.Trouble(SpawnCode.System)
            : status.ExitCode != 0 ? LookupResult.Trouble(status.ExitCode)
            : LookupResult.Parse(_answer.AsSpan(0, _length));
    }
}
