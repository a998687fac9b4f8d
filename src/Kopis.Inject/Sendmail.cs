using System.Text;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Posix;

namespace Kopis.Inject;

/// <summary><c>sendmail</c>, also called <c>mailq</c> (contract §5.3): translates the arguments of
/// sendmail for the qmail program that does the work, and becomes that program.</summary>
public static class Sendmail
{
    private const int Alarm = 14;

    /// <summary>Becomes the program. Returns only if there is no program to become.</summary>
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
            'r' => ExitCode.Success, // -q30m: qmail-send has its own schedule.
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
            return; // The caller is a bounce's author.
        }

        foreach (string variable in (string[])
            ["QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST"])
        {
            environment[variable] = null;
        }

        Address parts = new(sender);
        environment["QMAILUSER"] = parts.Local.ToArray();
        if (parts.HasAt)
        {
            environment["QMAILHOST"] = parts.Domain.ToArray();
        }
    }

    /// <summary>If the environment names no user, as in a unit of systemd, the name is that of the
    /// uid.</summary>
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
            // The name service does not answer: the message is sent without USER.
        }
    }

    /// <summary>Option -bv: prints what qmail-lookup says of each address.</summary>
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

    /// <summary>Option -q: makes all waiting messages due now.</summary>
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

    // This is not a failure: the caller cannot change it, and no mail suffers from it.
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
            // If the home has no link, this runs the binary itself under that name.
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
