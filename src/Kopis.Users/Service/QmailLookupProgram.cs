using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// <c>qmail-lookup --serve</c> answers the listeners' questions; <c>qmail-lookup ADDRESS</c> tells
/// an administrator what they would be told.
/// </summary>
public static class QmailLookupProgram
{
    private const string PasswordUser = "qmailp";
    private const string NetworkUser = "qmaild";
    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private static readonly TimeSpan GetpwTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs it.</summary>
    public static int Run(ProgramContext context)
    {
        List<string> words = [.. context.Arguments.Select(word => ByteText.ToText(word))];
        bool singleUser = words.Remove("--single-user") || Processes.EffectiveUid != 0;
        return words switch
        {
            ["--serve"] => Serve(context, singleUser),
            [[not '-', ..] address] => Tell(context, singleUser, ByteText.ToBytes(address)),
            _ => Misuse(),
        };
    }

    private static int Serve(ProgramContext context, bool singleUser)
    {
        Lifeline.Watch(context);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration term = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM, signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            });
        Accounts accounts = new(context.Home);
        uint own = Processes.EffectiveUid;
        uint? network = singleUser ? null : UnixUsers.ByName(NetworkUser)?.Uid;
        using LookupServer server = new(
            LookupFrame.SocketPath(context.Home), JudgeOf(context, singleUser),
            new LoginDesk(new LoginGate(name => accounts.Find(name), TimeProvider.System)),
            uid => uid == 0 || uid == own || uid == network, Log);
        server.RunAsync(stop.Token).GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    private static int Tell(ProgramContext context, bool singleUser, byte[] recipient)
    {
        AddressMap map = AddressMap.Read(ControlDirectory.Of(context));
        byte[] address = map.Route(recipient, out bool isLocal);
        if (!isLocal)
        {
            Say("yes: not a local address\n");
            return ExitCode.Success;
        }

        int at = Array.LastIndexOf(address, (byte)'@');
        LookupVerdict verdict = JudgeOf(context, singleUser)
            .Judge(address[..at], address[(at + 1)..], out RecipientUser? user);
        string whose = user is null
            ? "nobody's"
            : $"{LogText.Safe(user.Name)}, {LogText.Safe(user.Home)}/.qmail"
                + $"{LogText.Safe(user.Dash)}{LogText.Safe(DotQmailNames.SafeExt(user.Ext))}";
        (string word, int code) = verdict switch
        {
            LookupVerdict.Yes => ("yes", ExitCode.Success),
            LookupVerdict.No => ("no", ExitCode.Permanent),
            LookupVerdict.Full => ("full", ExitCode.Temporary),
            _ => ("later", ExitCode.Temporary),
        };
        Say($"{word}: {whose}\n");
        return code;
    }

    private static RecipientJudge JudgeOf(ProgramContext context, bool singleUser)
    {
        UnixUser? runsAs = singleUser ? null : UnixUsers.ByName(PasswordUser);
        Func<byte[], LookupResult>? search = singleUser ? null
            : runsAs is null ? local => new PasswordLookup(UnixUsers.ByName).Find(local)
            : local => SearchHost(context, runsAs, local);
        return new RecipientJudge(
            new RecipientLookup(context.Home, asRoot: !singleUser), search, asRoot: !singleUser);
    }

    private static LookupResult SearchHost(ProgramContext context, UnixUser runsAs, byte[] local)
    {
        try
        {
            GetpwChild child = new(context, runsAs, local);
            while (true)
            {
                if (!Poller.WaitReadable(child.Descriptor, GetpwTimeout))
                {
                    child.Abandon();
                    return LookupResult.Trouble(SpawnCode.System);
                }

                if (child.Read() is { } result)
                {
                    return result;
                }
            }
        }
        catch (PosixException)
        {
            return LookupResult.Trouble(SpawnCode.CannotRunGetpw);
        }
    }

    private static int Misuse()
    {
        Fd.WriteAll(StandardError, "usage: qmail-lookup ADDRESS\n"u8);
        return ExitCode.Permanent;
    }

    private static void Say(string text) => Fd.WriteAll(StandardOutput, ByteText.ToBytes(text));

    private static void Log(string line)
    {
        try
        {
            Fd.WriteAll(StandardError, ByteText.ToBytes($"qmail-lookup: {line}\n"));
        }
        catch (PosixException)
        {
            // Nobody reads the log.
        }
    }
}
