using System.Buffers;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Pop3;
using Kopis.Mail.Sasl;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Users.Tickets;

namespace Kopis.Server.Pop3;

/// <summary>qmail-popup HOST SUBPROGRAM…: greets the client, reads a name and a password, and
/// passes them to any checkpassword program (contract §10.1).</summary>
public static class QmailPopup
{
    private const int ExitBad = 1; // checkpassword's code for a wrong login.

    // Mechanisms that give a name and a password, which any checkpassword program takes.
    private static readonly string[] ForAnyJudge = ["PLAIN", "LOGIN"];

    /// <summary>Runs the program: one session on descriptors 0 and 1, with one login attempt.
    /// </summary>
    /// <returns>1 whatever the result, as in qmail-popup.</returns>
    public static int Run(ProgramContext context)
    {
        try
        {
            Serve(context);
        }
        catch (PosixException)
        {
            // The client is gone.
        }

        return Pop3Handler.ExitAlways;
    }

    /// <summary>
    /// The sessions of a listener; null if a program of the chain is not ours.
    /// </summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    public static ISessionHandler? CreateHandler(
        ProgramContext listener, IReadOnlyList<byte[]> chain)
    {
        if (Pop3Chain.Parse(listener.Environment, chain) is not { } words)
        {
            return null;
        }

        // A listener does not start with a file that cannot be parsed,
        Pop3Logins logins = new(
            listener.Home, IsOneUser(listener.Home), TimeProvider.System, Log);
        TlsServer tls = new(ControlDirectory.Of(listener), TimeProvider.System, Log);
        _ = tls.IsOffered; // nor with a certificate that cannot be used.
        return new Pop3Handler(
            words, logins, new TicketClient(listener.Home), tls, TimeProvider.System, Log,
            new Pop3Journal(
                new JournalSocket(listener.Home, TimeProvider.System), TimeProvider.System));
    }

    /// <summary>Whether a chain ends in our own programs, so that <see cref="CreateHandler"/>
    /// serves its sessions, without root's rights.</summary>
    public static bool EndsChain(ByteEnvironment environment, IReadOnlyList<byte[]> chain)
    {
        byte[][] words = [.. chain.TakeLast(Pop3Chain.Words)];
        return words.Length > 0 && OwnProgram.NameOf(environment, words[0]) == "qmail-popup"
            && Pop3Chain.Parse(environment, words) is not null;
    }

    // On an installed host root owns the users' directory, and no listener does.
    private static bool IsOneUser(string home) =>
        Fd.TryStatus(Fd.PathBytes(Path.Combine(home, "users")), out _) is not { } users
        || users.Uid == Processes.EffectiveUid;

    private static void Serve(ProgramContext context)
    {
        if (context.Arguments.Count < 2)
        {
            Fd.WriteAll(1, Pop3Reply.PopupUsage);
            return;
        }

        Pop3Login login = new(
            Stamp.Make(Processes.Id, DateTimeOffset.UtcNow, context.Arguments[0]),
            new Pop3Offer(Tls: false, Passwords: true, new SaslOffer(ForAnyJudge, Binding: null)));
        if (SendLogin(login))
        {
            context.Environment[MailConversation.CodesVariable] = login.KnowsCodes ? [] : null;
            (byte[] reply, bool isTemporary) = RunSubprogram(context, login.DetachFields());
            Fd.WriteAll(1, reply.Length == 0 ? reply : Pop3Code.Add(
                reply, isTemporary ? Pop3Code.Temporary : Pop3Code.Auth, login.KnowsCodes));
        }
    }

    // What follows PASS belongs to the next program, so lines are read byte by byte.
    private static bool SendLogin(Pop3Login login)
    {
        ArrayBufferWriter<byte> reply = new();
        login.Greet(reply);
        SingleByteLines lines = new(0, Pop3Limits.LineBytesMax, LoginConversation.Timeout);
        while (true)
        {
            Fd.WriteAll(1, reply.WrittenSpan);
            reply.ResetWrittenCount();
            if (!lines.TryRead(out ReadOnlySpan<byte> line, out bool tooLong))
            {
                return false;
            }

            Pop3LoginStep step = tooLong
                ? login.OnLineTooLong(reply)
                : login.OnLine(line, reply);
            switch (step)
            {
                case Pop3LoginStep.Check:
                    return true;
                case Pop3LoginStep.Refused:
                    Fd.WriteAll(1, Pop3Code.Add(
                        Pop3Reply.AuthorizationFailed, Pop3Code.Auth, login.KnowsCodes));
                    return false;
                case Pop3LoginStep.Close:
                    Fd.WriteAll(1, reply.WrittenSpan);
                    return false;
            }
        }
    }

    /// <summary>Runs the subprogram. Returns the last reply, and whether the failure is temporary.
    /// </summary>
    private static (byte[] Reply, bool IsTemporary) RunSubprogram(
        ProgramContext context, byte[] fields)
    {
        (int Read, int Write) pipe;
        try
        {
            pipe = Fd.Pipe();
        }
        catch (PosixException)
        {
            return (Pop3Reply.NoPipe.ToArray(), true);
        }

        int pid;
        try
        {
            // The fields fit into the pipe, even if the program does not read them.
            Fd.WriteAll(pipe.Write, fields);
            Fd.Close(pipe.Write);
            IReadOnlyList<byte[]> words = [.. context.Arguments.Skip(1)];
            if (ProgramPath.Find(context.Environment, words[0]) is not { } path)
            {
                return (Pop3Reply.AuthorizationFailed.ToArray(), true);
            }

            pid = Start(path, words, context.Environment, pipe.Read);
        }
        catch (PosixException e)
        {
            // In qmail, a failing execve(2) is a failure of the child; other errors are those of
            // fork(2).
            return e.Number is Errno.Again or Errno.NoMemory
                ? (Pop3Reply.NoFork.ToArray(), true)
                : (Pop3Reply.AuthorizationFailed.ToArray(), true);
        }
        finally
        {
            Fd.Close(pipe.Read);
            CryptographicOperations.ZeroMemory(fields);
        }

        WaitStatus status = Processes.Wait(pid);
        return status.Crashed ? (Pop3Reply.ChildCrashed.ToArray(), true)
            : status.ExitCode != 0
                ? (Pop3Reply.AuthorizationFailed.ToArray(), status.ExitCode != ExitBad)
            : ([], false);
    }

    private static int Start(
        string path, IReadOnlyList<byte[]> words, ByteEnvironment environment, int fields) =>
        new ProcessStart
        {
            Path = path,
            Arguments = words,
            Environment = environment,
            Descriptors = new Dictionary<int, int> { [0] = 0, [1] = 1, [2] = 2, [3] = fields },
        }.Start();

    private static void Log(string line)
    {
        try
        {
            Fd.WriteAll(2, ByteText.ToBytes($"qmail-popup: {line}\n"));
        }
        catch (PosixException)
        {
            // The log cannot be written.
        }
    }
}
