using System.Buffers;
using Kopis.Base;
using Kopis.Control;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Read;

/// <summary>
/// qmail-popup HOST SUBPROGRAM…: greets, takes a name and a password, and hands them to any
/// checkpassword (contract §10.1).
/// </summary>
public static class QmailPopup
{
    /// <summary>The program: one session on descriptors 0 and 1, one try.</summary>
    /// <returns>1, whatever came of it: that is qmail-popup's way.</returns>
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
    /// The sessions of a listener; null where a program of the chain is not ours.
    /// </summary>
    /// <exception cref="ConfigurationException">users/virtual cannot be understood.</exception>
    public static ISessionHandler? Fuse(ProgramContext listener, IReadOnlyList<byte[]> chain)
    {
        if (Pop3Chain.Parse(listener.Environment, chain) is not { } words)
        {
            return null;
        }

        Accounts accounts = new(listener.Home, hasHostUsers: Processes.EffectiveUid == 0);
        _ = accounts.Find("nobody@invalid"u8); // A listener does not start with a bad file.
        LoginGate gate = new(name => accounts.Find(name), TimeProvider.System);
        TlsServer tls = new(ControlDirectory.Of(listener), TimeProvider.System, Log);
        _ = tls.IsOffered; // Nor with a certificate that cannot be used.
        return new Pop3Handler(words, gate, tls, TimeProvider.System, Log);
    }

    private static void Serve(ProgramContext context)
    {
        if (context.Arguments.Count < 2)
        {
            Fd.WriteAll(1, Pop3Reply.PopupUsage);
            return;
        }

        Pop3Login login = new(
            Stamp.Make(Processes.Id, DateTimeOffset.UtcNow, context.Arguments[0]),
            offersTls: false);
        if (TakeLogin(login) is { } credentials)
        {
            byte[] fields = credentials.ToFields(login.Stamp);
            credentials.Forget();
            Fd.WriteAll(1, RunSubprogram(context, fields));
        }
    }

    // What follows PASS belongs to the next program: lines are read byte by byte.
    private static Pop3Credentials? TakeLogin(Pop3Login login)
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
                return null;
            }

            Pop3LoginStep step = tooLong
                ? login.OnLineTooLong(reply)
                : login.OnLine(line, reply);
            switch (step)
            {
                case Pop3LoginStep.Check:
                    return login.TakeCredentials();
                case Pop3LoginStep.Close:
                    Fd.WriteAll(1, reply.WrittenSpan);
                    return null;
            }
        }
    }

    /// <summary>Runs the subprogram; the result is what is left to say.</summary>
    private static ReadOnlySpan<byte> RunSubprogram(ProgramContext context, byte[] fields)
    {
        (int Read, int Write) pipe;
        try
        {
            pipe = Fd.Pipe();
        }
        catch (PosixException)
        {
            return Pop3Reply.NoPipe;
        }

        int pid;
        try
        {
            // All of it fits into the pipe, whether the program reads it or not.
            Fd.WriteAll(pipe.Write, fields);
            Fd.Close(pipe.Write);
            IReadOnlyList<byte[]> words = [.. context.Arguments.Skip(1)];
            if (ProgramPath.Find(context.Environment, words[0]) is not { } path)
            {
                return Pop3Reply.AuthorizationFailed;
            }

            pid = Start(path, words, context.Environment, pipe.Read);
        }
        catch (PosixException e)
        {
            // execve(2) failing is the child's failure to qmail; the rest is fork(2)'s.
            return e.Number is Errno.Again or Errno.NoMemory
                ? Pop3Reply.NoFork
                : Pop3Reply.AuthorizationFailed;
        }
        finally
        {
            Fd.Close(pipe.Read);
        }

        WaitStatus status = Processes.Wait(pid);
        return status.Crashed ? Pop3Reply.ChildCrashed
            : status.ExitCode != 0 ? Pop3Reply.AuthorizationFailed
            : [];
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
            // Nobody reads the log.
        }
    }
}
