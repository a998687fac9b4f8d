using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;
using Kopis.Users;

namespace Kopis.Local;

/// <summary>
/// qmail-lspawn's loop: orders in on descriptor 0, reports out on descriptor 1, and the warm
/// qmail-locals in between (contract §7.1, §7.2). One thread; waits in poll(2) only.
/// </summary>
internal sealed class SpawnLoop
{
    private const int Orders = 0;
    private const int Reports = 1;
    private const int DeliveriesMax = 120; // conf-spawn, contract §0.

    private readonly record struct Search(GetpwChild Child, DeliveryCommand Command);

    private readonly SpawnSettings _settings;
    private readonly RecipientLookup _lookup;
    private readonly WarmLocals _locals;
    private readonly DeliveryCommandReader _reader = new();
    private readonly List<DeliveryCommand> _commands = [];
    private readonly List<Search> _searches = [];
    private readonly bool[] _used = new bool[DeliveriesMax];
    private readonly ArrayBufferWriter<byte> _reports = new();
    private readonly byte[] _block = new byte[16 * 1024];
    private bool _reading = true;
    private bool _writing = true;
    private int _running;

    internal SpawnLoop(SpawnSettings settings)
    {
        _settings = settings;
        _lookup = new RecipientLookup(settings.Context.Home, settings.AsRoot);
        _locals = new WarmLocals(settings.Context, settings.AsRoot, TimeProvider.System);
    }

    /// <summary>Runs until orders have ended and everything is reported.</summary>
    internal void Run()
    {
        _reports.WriteByte(DeliveriesMax);
        FlushReports();
        Poller poller = new();
        while (_reading || _running > 0)
        {
            Turn(poller);
            _locals.Sweep();
            FlushReports();
        }

        _locals.Close();
    }

    private void Turn(Poller poller)
    {
        WarmLocal[] locals = [.. _locals.All];
        Search[] searches = [.. _searches];
        poller.Clear();
        int first = 0;
        if (_reading)
        {
            poller.Add(Orders, read: true);
            first = 1;
        }

        foreach (Search search in searches)
        {
            poller.Add(search.Child.Descriptor, read: true);
        }

        foreach (WarmLocal local in locals)
        {
            poller.Add(local.Socket, read: true, write: local.HasOutput);
        }

        if (!poller.Wait(_locals.SweepWithin))
        {
            return;
        }

        for (int i = 0; i < searches.Length; i++)
        {
            if (poller.IsReady(first + i))
            {
                Continue(searches[i]);
            }
        }

        for (int i = 0; i < locals.Length; i++)
        {
            // One that failed a moment ago is closed, and its number perhaps another's by now.
            if (poller.IsReady(first + searches.Length + i) && !locals[i].IsClosed)
            {
                Talk(locals[i]);
            }
        }

        if (_reading && poller.IsReady(0))
        {
            ReadOrders();
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
            _reading = false; // Finish what runs; whoever talks there makes no sense.
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
            // A report for each recipient, as the one who ordered them counts.
            for (int i = 0; i < Math.Max(1, command.Recipients.Count); i++)
            {
                DeliveryReport.Write(_reports, command.Slot, refused);
            }

            return;
        }

        _used[command.Slot] = true;
        _running++;
        (byte[] local, byte[] domain) = CommandCheck.Split(command.Recipients[0]);
        if (local.Length == 0)
        {
            Report(command.Slot, Outcome.Delivered("")); // The address <>: nothing to do.
            return;
        }

        LookupResult found = _lookup.Find(local, domain);
        if (found != LookupResult.Nobody)
        {
            Deliver(command, found);
        }
        else if (_settings.GetpwUser is { } runsAs)
        {
            SearchPasswd(command, runsAs, local);
        }
        else
        {
            found = new PasswordLookup(UnixUsers.ByName).Find(local);
            Deliver(command, _lookup.Check(found));
        }
    }

    private void SearchPasswd(DeliveryCommand command, UnixUser runsAs, byte[] local)
    {
        try
        {
            GetpwChild child = new(_settings.Context, runsAs, local);
            _searches.Add(new Search(child, command));
        }
        catch (PosixException)
        {
            Deliver(command, LookupResult.Trouble(SpawnCode.CannotRunGetpw));
        }
    }

    private void Continue(Search search)
    {
        if (search.Child.Read() is { } result)
        {
            _searches.Remove(search);
            Deliver(search.Command, _lookup.Check(result));
        }
    }

    private void Deliver(DeliveryCommand command, LookupResult found)
    {
        if (found.User is not { } user)
        {
            Report(command.Slot, DeliveryResult.Of(found.Code, []));
            return;
        }

        QueuedBody message;
        try
        {
            message = QueuedBody.Open(FileSystem.Real,
                _settings.Context.In("queue/mess"), command.Number!.Value);
        }
        catch (IOException)
        {
            Report(command.Slot, CommandCheck.CannotOpen());
            return;
        }

        if (CommandCheck.Check(Fd.Status(message.Descriptor), _settings.QueueUid) is { } refused)
        {
            message.Dispose();
            Report(command.Slot, refused);
            return;
        }

        Order(command, user, message);
    }

    private void Order(DeliveryCommand command, RecipientUser user, QueuedBody message)
    {
        (byte[] local, byte[] domain) = CommandCheck.Split(command.Recipients[0]);
        DeliveryRequest request = new(
            user.Name, user.Home, local, user.Dash, user.Ext, domain, command.Sender,
            user.Instructions ?? _settings.DefaultDelivery);
        WarmLocal warm;
        try
        {
            warm = _locals.Get(user);
        }
        catch (PosixException)
        {
            // Whatever keeps our own binary from starting is the administrator's to mend, and no
            // reason to bounce mail.
            message.Dispose();
            Report(command.Slot, DeliveryResult.Of(SpawnCode.CannotRunNow, []));
            return;
        }

        try
        {
            if (!warm.Order(command.Slot, request, message))
            {
                message.Dispose();
                Report(command.Slot, DeliveryResult.Of(SpawnCode.System, []));
            }
        }
        catch (IOException) // Only the queue's own file can fail here.
        {
            message.Dispose();
            Report(command.Slot, CommandCheck.CannotOpen());
        }

        Flush(warm);
    }

    private void Talk(WarmLocal local)
    {
        try
        {
            local.LastUsed = TimeProvider.System.GetTimestamp();
            if (local.Read(Report))
            {
                local.Flush();
                return;
            }
        }
        catch (Exception e) when (e is PosixException or InvalidDataException)
        {
            // As if it had crashed; it has, or is not what we started.
        }

        Lose(local);
    }

    private void Flush(WarmLocal local)
    {
        try
        {
            local.Flush();
        }
        catch (PosixException)
        {
            Lose(local);
        }
    }

    private void Lose(WarmLocal local)
    {
        foreach (byte slot in local.Slots)
        {
            Report(slot, DeliveryResult.Crashed());
        }

        _locals.Abandon(local);
    }

    private void Report(byte slot, Outcome outcome)
    {
        DeliveryReport.Write(_reports, slot, outcome);
        _used[slot] = false;
        _running--;
    }

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
            _writing = false; // qmail-send is gone; what runs is still finished.
        }

        _reports.ResetWrittenCount();
    }
}
