using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Local;

/// <summary>
/// <c>qmail-lspawn [--single-user] defaultdelivery</c>: root's part of local delivery (contract
/// §7.1, §7.2). Opens nothing for writing and starts nothing as root: it finds the user, and gives
/// the delivery to a qmail-local that is that user.
/// </summary>
public sealed class QmailLspawnProgram
{
    private const byte ConcurrencyMax = 120; // conf-spawn.
    private const int WorkersMax = 32;
    private const int IdleMilliseconds = 60_000;

    private readonly ProgramContext _context;
    private readonly bool _singleUser;
    private readonly byte[] _defaultDelivery;
    private readonly UserLookup _users;
    private readonly string _mess;
    private readonly Dictionary<(uint Uid, uint Gid, string User), LocalWorker> _workers = [];
    private readonly bool[] _busy = new bool[ConcurrencyMax];
    private readonly Lock _reporting = new();
    private int _running;

    private QmailLspawnProgram(ProgramContext context)
    {
        _context = context;
        _singleUser = context.ArgumentText(0) == "--single-user";
        _defaultDelivery = context.Arguments.Count > (_singleUser ? 1 : 0)
            ? context.Arguments[_singleUser ? 1 : 0]
            : "./Mailbox"u8.ToArray();
        _users = new UserLookup(context.Home, _singleUser);
        _mess = context.In("queue/mess");
    }

    /// <summary>Runs until the end of its input and of what it started.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        return new QmailLspawnProgram(context).Serve();
    }

    private int Serve()
    {
        Fd.WriteAll(1, [ConcurrencyMax]);
        DeliveryCommandReader reader = new();
        List<DeliveryCommand> commands = [];
        byte[] block = new byte[16 * 1024];
        while (true)
        {
            if (!Poller.WaitReadable(0, TimeSpan.FromMilliseconds(IdleMilliseconds)))
            {
                EndIdle(IdleMilliseconds);
                continue;
            }

            int got = Fd.Read(0, block);
            if (got == 0)
            {
                break;
            }

            reader.Read(block.AsSpan(0, got), commands);
            commands.ForEach(Obey);
            commands.Clear();
        }

        SpinWait.SpinUntil(() => Volatile.Read(ref _running) == 0, Timeout.Infinite);
        return ExitCode.Success;
    }

    private void Obey(DeliveryCommand command)
    {
        foreach (byte[] recipient in command.Recipients)
        {
            Outcome? refused = Start(command, recipient);
            if (refused is { } outcome)
            {
                Report(command.Slot, outcome);
            }
        }
    }

    /// <summary>Null where a qmail-local has it now, else the report.</summary>
    private Outcome? Start(DeliveryCommand command, byte[] recipient)
    {
        if (command.Slot >= ConcurrencyMax || _busy[command.Slot])
        {
            return Outcome.Retry("Internal error: slot in use or out of range. (#4.3.5)\n");
        }

        if (command.Number is not { } number)
        {
            return Outcome.Failed("Internal error: message id is not a number. (#5.3.5)\n");
        }

        int at = recipient.AsSpan().LastIndexOf((byte)'@');
        if (at < 0)
        {
            return Outcome.Failed("Sorry, address must include host name. (#5.1.3)\n");
        }

        if (at == 0)
        {
            return Outcome.Delivered("");
        }

        if (_users.Find(recipient[..at], recipient[(at + 1)..], out Outcome error) is not { } user)
        {
            return error;
        }

        if (user.Uid == 0 && !_singleUser)
        {
            return Outcome.Retry("Not allowed to perform deliveries as root.\n");
        }

        LocalArguments arguments = new(
            user.User, user.Home, recipient[..at], user.Dash, user.Ext, recipient[(at + 1)..],
            command.Sender, _defaultDelivery);
        return Hand(command.Slot, number, user, arguments);
    }

    private Outcome? Hand(byte slot, ulong number, UserEntry user, LocalArguments arguments)
    {
        try
        {
            LocalWorker worker = Worker(user);
            using MessageFile file = MessageFile.Open(_mess, number);
            byte[] bytes = new byte[file.HasOwnFile ? 0 : file.BodyBytes];
            file.ReadBody(0, bytes);
            int own = file.HasOwnFile
                ? Fd.Open(MessStore.OwnFile(_mess, number), OpenFlags.ReadOnly)
                : -1;
            _busy[slot] = true;
            Interlocked.Increment(ref _running);
            worker.Deliver(arguments, bytes, own, outcome =>
            {
                _busy[slot] = false;
                Report(slot, outcome);
                Interlocked.Decrement(ref _running);
            });
            return null;
        }
        catch (MessageNotFoundException)
        {
            return Outcome.Retry("qmail-spawn unable to open message. (#4.3.0)\n");
        }
        catch (PosixException)
        {
            return Outcome.Retry("Unable to run qmail-local.\n");
        }
    }

    private LocalWorker Worker(UserEntry user)
    {
        var key = (user.Uid, user.Gid, _singleUser ? "" : ByteText.ToText(user.User));
        if (_workers.TryGetValue(key, out LocalWorker? worker) && !worker.IsGone)
        {
            return worker;
        }

        if (_workers.Count >= WorkersMax)
        {
            EndIdle(0);
        }

        return _workers[key] = new LocalWorker("/proc/self/exe", _context.Environment,
            Processes.Uid == 0 && !_singleUser ? IdentityOf(user) : null);
    }

    private static ProcessIdentity IdentityOf(UserEntry user) =>
        new(user.Uid, user.Gid, UnixUsers.GroupsOf(Encoding.UTF8.GetString(user.User), user.Gid));

    /// <summary>Ends those that have had nothing to do for so long.</summary>
    private void EndIdle(long milliseconds)
    {
        long before = Environment.TickCount64 - milliseconds;
        foreach ((var key, LocalWorker worker) in _workers.ToArray())
        {
            if (worker.IsGone || (worker.IsIdle && worker.LastUsed <= before))
            {
                worker.Close();
                _workers.Remove(key);
            }
        }
    }

    private void Report(byte slot, Outcome outcome)
    {
        ArrayBufferWriter<byte> report = new(256);
        DeliveryReport.Write(report, slot, outcome);
        lock (_reporting)
        {
            try
            {
                Fd.WriteAll(1, report.WrittenSpan);
            }
            catch (PosixException)
            {
                // qmail-send is gone; it orders what it has no report of again.
            }
        }
    }
}
