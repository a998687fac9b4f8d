using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Local.Delivery;
using Kopis.Local.Worker;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Local.Spawn;

/// <summary>The half of qmail-lspawn that talks to others: it reads orders on descriptor 0, writes
/// reports to descriptor 1, and has the warm qmail-locals in between (contract §7.1, §7.2). On an
/// installed host it runs as qmails and may write nowhere. Root's half decides which user a
/// delivery runs as (<see cref="SpawnLoop"/>). Not thread-safe; blocks only in poll(2).</summary>
/// <param name="mess">The directory <c>queue/mess</c>.</param>
/// <param name="queueUid">The owner that files of the queue must have.</param>
/// <param name="root">The socket to root's half.</param>
/// <param name="deliveries">How many deliveries may run at once; qmail-send is told this number.
/// </param>
/// <param name="places">The slots for programs, which are fewer.</param>
internal sealed class CommandLoop(
    string mess, uint queueUid, int root, int deliveries, ProgramPlaces places)
{
    private const int Orders = 0;
    private const int Reports = 1;

    private readonly DeliveryCommandReader _reader = new();
    private readonly List<DeliveryCommand> _commands = [];
    private readonly Dictionary<uint, PendingDelivery> _pending = [];
    private readonly Dictionary<uint, WarmLocal> _locals = [];
    private readonly bool[] _used = new bool[deliveries];
    private readonly ArrayBufferWriter<byte> _reports = new();
    private readonly byte[] _block = new byte[16 * 1024];
    private bool _reading = true;
    private bool _writing = true;
    private bool _isLost;
    private int _running;
    private uint _nextId;

    /// <summary>Runs this half as a process, which starts no programs.</summary>
    /// <param name="context">The context. The argument after the first is the uid that must own the
    /// queue's files.</param>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="root">The socket to root's half.</param>
    /// <returns>Temporary if root's half is gone, which qmail-send reports.</returns>
    /// <exception cref="ConfigurationException">A control file cannot be read or parsed.
    /// </exception>
    internal static int Run(ProgramContext context, string mess, int root)
    {
        if (!uint.TryParse(context.ArgumentText(1), CultureInfo.InvariantCulture, out uint uid))
        {
            return ExitCode.Permanent;
        }

        Confinement.RefusePrograms();
        ControlDirectory control = new(context.In("control")); // qmail-send warns of odd values.
        int programs = Math.Max(1, control.ReadInt(SendFiles.ConcurrencyLocal));
        ProgramPlaces places = new(
            programs,
            (int?)control.TryReadLong(SendFiles.ConcurrencyShared) ?? (programs + 1) / 2);
        CommandLoop loop = new(
            mess, uid, root, control.ReadInt(SendFiles.ConcurrencyMailbox), places);
        loop.Run();
        return loop._isLost ? ExitCode.Temporary : ExitCode.Success;
    }

    /// <summary>Runs until orders have ended and all results are reported.</summary>
    private void Run()
    {
        _reports.WriteByte((byte)deliveries);
        FlushReports();
        Poller poller = new() { Watch = new Watchdog("qmail-lspawn") };
        while (!_isLost && (_reading || _running > 0))
        {
            Turn(poller);
            FlushReports();
        }
    }

    private void Turn(Poller poller)
    {
        KeyValuePair<uint, WarmLocal>[] locals = [.. _locals];
        poller.Clear();
        poller.Add(root, read: true);
        foreach ((_, WarmLocal local) in locals)
        {
            poller.Add(local.Socket, read: true, write: local.HasOutput);
        }

        int orders = _reading ? poller.Add(Orders, read: true) : -1;
        if (!poller.Wait(null))
        {
            return;
        }

        for (int i = 0; i < locals.Length; i++)
        {
            if (poller.IsReady(1 + i))
            {
                Talk(locals[i].Key, locals[i].Value);
            }
        }

        if (poller.IsReady(0))
        {
            ReadReply();
        }

        if (!_isLost && _reading && poller.IsReady(orders))
        {
            ReadOrders();
        }

        GrantPlaces();
    }

    /// <summary>Grants slots to the programs that may run now.</summary>
    private void GrantPlaces()
    {
        while (places.DequeueGranted() is { } id)
        {
            (uint number, WarmLocal local) = _locals.First(local => local.Value.Has(id));
            local.GrantPlace(id);
            Talk(number, local, isReadable: false);
        }
    }

    private void ReadOrders()
    {
        try
        {
            int got = Fd.Read(Orders, _block);
            if (got < 0)
            {
                return;
            }

            _reading = got > 0;
            _reader.Read(_block.AsSpan(0, got), _commands);
        }
        catch (Exception e) when (e is PosixException or InvalidDataException)
        {
            _reading = false; // The sender of the orders is faulty: only finish what runs.
        }

        foreach (DeliveryCommand command in _commands)
        {
            Begin(command);
        }

        _commands.Clear();
    }

    private void Begin(DeliveryCommand command)
    {
        if (CommandCheck.Check(command, _used) is { } refused)
        {
            // One report for each recipient, since qmail-send counts them.
            for (int i = 0; i < Math.Max(1, command.Recipients.Count); i++)
            {
                Report(command.Slot, refused);
            }
        }
        else if (new Address(command.Recipients[0]).Local.IsEmpty)
        {
            Report(command.Slot, Outcome.Delivered("")); // The address <>: nothing to do.
        }
        else
        {
            _used[command.Slot] = true;
            _running++;
            try
            {
                Ask(command);
            }
            catch (IOException) // Only reading the queue's own file can fail here.
            {
                End(command.Slot, CommandCheck.CannotOpen());
            }
        }
    }

    /// <summary>Asks root's half for a qmail-local for a delivery.</summary>
    private void Ask(DeliveryCommand command)
    {
        using BodyCopy copy = new();
        using QueuedBody message = QueuedBody.OpenAndCopy(
            FileSystem.Real, mess, command.Number!.Value, copy.Append);
        if (CommandCheck.Check(Fd.Status(message.Descriptor), queueUid) is { } refused)
        {
            End(command.Slot, refused);
            return;
        }

        uint id = _nextId++;
        int bodyBytes = message.IsKept ? (int)message.Length : 0;
        byte[] frame = LocalChannel.FormatOrder(
            id, ownFile: !message.IsKept, command.Sender, bodyBytes);
        message.Read(0, frame.AsSpan(frame.Length - bodyBytes));
        int file = message.IsKept ? -1 : message.HasOwnFile ? message.Detach() : copy.Detach();
        if (file >= 0)
        {
            Fd.Seek(file, message.HasOwnFile ? message.Offset : 0); // To the message's start.
        }

        string user = MailUserName.Of(command.Recipients[0]);
        _pending.Add(id, new PendingDelivery(command.Slot, user, frame, file));
        byte[] question = new byte[LocalChannel.IdBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(question, id);
        FdPassing.Send(root, [.. question, .. command.Recipients[0]], fd: -1);
    }

    private void ReadReply()
    {
        Span<byte> packet = stackalloc byte[RootReply.Bytes];
        if (FdPassing.Receive(root, packet, out int socket) != packet.Length)
        {
            _isLost = true;
            return;
        }

        RootReply reply = RootReply.Parse(packet);
        if (socket >= 0)
        {
            _locals.Add(reply.Local, new WarmLocal(socket, places));
        }

        _pending.Remove(reply.Id, out PendingDelivery order);
        if (reply.Code == 0 && _locals.TryGetValue(reply.Local, out WarmLocal? local))
        {
            local.Order(reply.Id, order);
            Talk(reply.Local, local, isReadable: false);
            return;
        }

        // There is no qmail-local, or the one it was granted to has ended meanwhile.
        Fd.Close(order.File);
        End(order.Slot, reply.Code == 0
            ? DeliveryResult.Crashed() : DeliveryResult.Of(reply.Code, []));
    }

    private void Talk(uint number, WarmLocal local, bool isReadable = true)
    {
        try
        {
            if (!isReadable || local.Read(End))
            {
                local.Flush();
                return;
            }
        }
        catch (Exception e) when (e is PosixException or InvalidDataException)
        {
            // Reported as a crash: the process has crashed, or is not the program that was started.
        }

        foreach (byte slot in local.Slots)
        {
            End(slot, DeliveryResult.Crashed());
        }

        local.Close();
        _locals.Remove(number);
    }

    private void End(byte slot, Outcome outcome)
    {
        Report(slot, outcome);
        _used[slot] = false;
        _running--;
    }

    private void Report(byte slot, Outcome outcome) =>
        DeliveryReport.Write(_reports, slot, outcome);

    private void FlushReports()
    {
        try
        {
            if (_writing)
            {
                Fd.WriteAll(Reports, _reports.WrittenSpan);
            }
        }
        catch (PosixException)
        {
            _writing = false; // qmail-send is gone; running deliveries still finish.
        }

        _reports.ResetWrittenCount();
    }
}
