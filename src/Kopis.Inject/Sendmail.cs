using System.Text;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Posix;

namespace Kopis.Inject;

/// <summary><c>sendmail</c>, also as <c>mailq</c> (contract §5.3): turns sendmail's words into
/// qmail's, and becomes that program.</summary>
public static class Sendmail
{
    private const int Alarm = 14;

    /// <summary>Becomes the program; returns only if there is none to become.</summary>
    public static int Run(ProgramContext context)
    {
        SendmailArguments words = SendmailArguments.Read(
            context.Arguments, context.Name == "mailq" ? 'p' : 'm');
        ByteEnvironment environment = new(context.Environment);
        return words.Mode switch
        {
            'p' => Become(context, environment, "qmail-qread", []),
            's' => Become(context, WithPeer(environment), "qmail-smtpd", []),
            'i' => Become(context, environment, "newaliases",
                words.AliasFile is { } file ? [file] : []),
            'd' => throw new ConfigurationException(
                "-bd: what receives and sends is started by the units of systemd that "
                    + "./install --systemd makes, or by kopis run", ExitCode.Permanent),
            'v' => Verify(context, words),
            'q' => RunQueue(context),
            'r' => ExitCode.Success, // -q30m: qmail-send has a schedule of its own.
            _ => Inject(context, environment, words),
        };
    }

    private static int Inject(
        ProgramContext context, ByteEnvironment environment, SendmailArguments words)
    {
        List<byte[]> arguments = [words.FromHeader ? "-H"u8.ToArray() : "-a"u8.ToArray()];
        if (words.Sender is { } sender)
        {
            SetSender(environment, AddressArgument.WithoutBrackets(sender).ToArray());
            arguments.AddRange("-f"u8.ToArray(), sender);
        }

        if (words.Name is { } name)
        {
            environment["MAILNAME"] = name;
        }

        NameUser(environment);
        arguments.Add("--"u8.ToArray());
        arguments.AddRange(words.Recipients);
        return Become(context, environment, "qmail-inject", arguments);
    }

    private static void SetSender(ByteEnvironment environment, byte[] sender)
    {
        if (sender.Length == 0)
        {
            return; // A bounce is from whoever calls.
        }

        foreach (string variable in (string[])
            ["QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST"])
        {
            environment[variable] = null;
        }

        int at = sender.AsSpan().LastIndexOf((byte)'@');
        environment["QMAILUSER"] = at < 0 ? sender : sender[..at];
        if (at >= 0)
        {
            environment["QMAILHOST"] = sender[(at + 1)..];
        }
    }

    /// <summary>Without a name in the environment, as in a unit of systemd, it is the uid's.
    /// </summary>
    private static void NameUser(ByteEnvironment environment)
    {
        bool isNamed = ((string[])["QMAILUSER", "MAILUSER", "USER", "LOGNAME"])
            .Any(variable => environment[variable] is not null);
        if (isNamed)
        {
            return;
        }

        try
        {
            if (UnixUsers.ByUid(Processes.Uid) is { } user)
            {
                environment["USER"] = Encoding.UTF8.GetBytes(user.Name);
            }
        }
        catch (PosixException)
        {
            // No name service, no name: the message is worth more.
        }
    }

    /// <summary>-bv: what qmail-lookup says of each address.</summary>
    private static int Verify(ProgramContext context, SendmailArguments words)
    {
        InjectIdentity identity = new(context);
        int worst = words.Recipients.Count > 0
            ? ExitCode.Success
            : throw new ConfigurationException("no recipients are named", ExitCode.Permanent);
        foreach (byte[] word in words.Recipients)
        {
            IReadOnlyList<byte[]> addresses = AddressArgument.Read(word, identity.Defaults)
                ?? throw new ConfigurationException(
                    $"unable to parse address: {LogText.Safe(word)}", ExitCode.Permanent);
            foreach (byte[] address in addresses)
            {
                WaitStatus status = Processes.Wait(
                    (ProcessStart.Own(context, "qmail-lookup", address) with
                    {
                        Descriptors = ProcessStart.InOrder(0, 1, 2),
                    }).Start());
                worst = Math.Max(worst, status.Crashed ? ExitCode.Temporary : status.ExitCode);
            }
        }

        return worst;
    }

    /// <summary>-q: all that waits is due now.</summary>
    private static int RunQueue(ProgramContext context)
    {
        string mutex = context.In("queue/lock/sendmutex");
        if (Fd.TryStatus(Fd.PathBytes(mutex), out int errno) is null && errno == Errno.Access)
        {
            return SaysWhoMay();
        }

        if (FileLocks.HolderOf(mutex) is not { } pid)
        {
            throw new ConfigurationException("-q: no qmail-send runs");
        }

        try
        {
            if (pid > 1 && Processes.Signal(pid, Alarm))
            {
                return ExitCode.Success;
            }

            throw new ConfigurationException("-q: qmail-send cannot be found");
        }
        catch (PosixException)
        {
            return SaysWhoMay();
        }
    }

    // No failure: what calls this cannot help it, and no mail is the worse for it.
    private static int SaysWhoMay()
    {
        Fd.WriteAll(2, "sendmail: warning: -q: only root may ask; qmail-send tries all "u8);
        Fd.WriteAll(2, "messages again by its own schedule\n"u8);
        return ExitCode.Success;
    }

    private static ByteEnvironment WithPeer(ByteEnvironment environment)
    {
        if (environment["PROTO"] is null)
        {
            foreach ((string name, string value) in ((string, string)[])
            [
                ("RELAYCLIENT", ""), ("DATABYTES", "0"), ("PROTO", "TCP"),
                ("TCPLOCALIP", "127.0.0.1"), ("TCPLOCALHOST", "localhost"),
                ("TCPREMOTEIP", "127.0.0.1"), ("TCPREMOTEHOST", "localhost"),
                ("TCPREMOTEINFO", "sendmail-bs"),
            ])
            {
                environment.SetText(name, value);
            }
        }

        return environment;
    }

    private static int Become(
        ProgramContext context, ByteEnvironment environment, string program,
        IReadOnlyList<byte[]> arguments)
    {
        string path = context.In($"bin/{program}");
        environment["KOPIS_HOME"] = Encoding.UTF8.GetBytes(context.Home);
        try
        {
            // Without a link in the home, the binary itself by that name.
            Processes.Exec(
                File.Exists(path) ? path : "/proc/self/exe",
                [ByteText.ToBytes(program), .. arguments], environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to run {program}: {e.Reason}", e);
        }

        return ExitCode.Temporary;
    }
}
