using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

public class StateLogTests
{
    private static readonly ScanPosition Place = new(7, 4096);

    private readonly MemoryDisk _disk = new();

    [Fact]
    public void An_empty_directory_is_a_queue_that_was_never_read()
    {
        using StateLog log = new(_disk, MemoryDisk.Directory);
        Assert.Empty(log.Load());
        Assert.Equal(ScanPosition.Start, log.Position);
        Assert.False(log.IsDoubtful);
    }

    [Fact]
    public void Everything_comes_back_but_what_was_not_synced()
    {
        using (StateLog log = Written(Make.Message(10, "s@x", "a@x", "b@x")))
        {
            log.Add(StateKind.Done, 10, 1);
            log.Add(StateKind.Done, 11, 0);
            log.Add(StateKind.End, 11, 0);
            log.Sync();
            log.Add(StateKind.Done, 10, 0);
        }

        using StateLog again = new(_disk, MemoryDisk.Directory);
        Dictionary<ulong, SavedMessage> saved = again.Load();
        Assert.Equal(Place, again.Position);
        Assert.Equal([10UL, 11UL], saved.Keys.Order());
        Assert.Equal([1], saved[10].Done);
        Assert.Equal(Make.Born, saved[10].RemoteDue);
        Assert.False(saved[10].IsEnded);
        Assert.True(saved[11].IsEnded);
        Assert.Null(saved[11].RemoteDue);
        Assert.Equal(0, again.DamagedRecords);
    }

    [Fact]
    public void A_snapshot_replaces_what_was_before()
    {
        QueuedMessage message = Make.Message(10, "s@x", "a@x", "b@x");
        using StateLog log = Written(message);
        log.Add(StateKind.End, 99, 0);
        log.Sync();
        message.SetState(0, RecipientState.Done);
        log.Compact(Place with { Offset = 8192 }, [message], Aside(77));
        Assert.Single(_disk.Names());

        using StateLog again = new(_disk, MemoryDisk.Directory);
        Dictionary<ulong, SavedMessage> saved = again.Load();
        Assert.Equal([10UL, 77UL], saved.Keys.Order());
        Assert.Equal([0], saved[10].Done);
        Assert.False(saved[77].IsEnded);
        Assert.Equal([2], saved[77].Done); // Else it would be delivered again once it is readable.
        Assert.Equal(8192, again.Position.Offset);
    }

    [Fact]
    public void Each_cut_of_the_log_loses_only_the_records_behind_it()
    {
        using (StateLog log = Written(Make.Message(10, "s@x", "a@x")))
        {
            for (int i = 0; i < 5; i++)
            {
                log.Add(StateKind.Done, 20, i);
            }

            log.Sync();
        }

        byte[] whole = _disk[_disk.Names()[0]];
        int snapshot = whole.Length - (5 * StateRecord.Bytes);
        for (int cut = snapshot; cut <= whole.Length; cut++)
        {
            _disk[_disk.Names()[0]] = whole[..cut];
            using StateLog log = new(_disk, MemoryDisk.Directory);
            Dictionary<ulong, SavedMessage> saved = log.Load();
            int records = (cut - snapshot) / StateRecord.Bytes;
            Assert.Equal(records, saved.GetValueOrDefault(20UL)?.Done.Count ?? 0);
            Assert.Contains(10UL, saved.Keys);
            Assert.False(log.IsDoubtful);
            Assert.Equal(0, log.DamagedRecords);
        }
    }

    [Fact]
    public void One_damaged_record_anywhere_never_hides_a_message()
    {
        using (StateLog log = Written(
            Make.Message(10, "s@x", "a@x"), Make.Message(11, "s@x", "a@x")))
        {
            log.Add(StateKind.Done, 10, 0);
            log.Add(StateKind.Done, 11, 0);
            log.Sync();
        }

        byte[] whole = _disk[_disk.Names()[0]];
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            _disk[_disk.Names()[0]] = damaged;
            using StateLog log = new(_disk, MemoryDisk.Directory);
            Dictionary<ulong, SavedMessage> saved = log.Load();
            Assert.False(log.IsDoubtful);
            Assert.Equal(Place, log.Position);
            Assert.Equal([10UL, 11UL], saved.Keys.Order());
            Assert.True(saved[10].Done.Count + saved[11].Done.Count >= 1);
            Assert.DoesNotContain(saved.Values, message => message.IsEnded);
        }
    }

    [Fact]
    public void A_damaged_block_in_the_snapshot_has_everything_read_again()
    {
        using (StateLog log = Written(
            Make.Message(10, "s@x", "a@x"), Make.Message(11, "s@x", "a@x")))
        {
            log.Add(StateKind.End, 10, 0);
            log.Sync();
        }

        string name = _disk.Names()[0];
        byte[] damaged = [.. _disk[name]];
        damaged.AsSpan(5 * StateRecord.Bytes, 3 * StateRecord.Bytes).Clear();
        _disk[name] = damaged;
        using StateLog again = new(_disk, MemoryDisk.Directory);
        Dictionary<ulong, SavedMessage> saved = again.Load();
        Assert.True(again.IsDoubtful);
        Assert.Equal(ScanPosition.Start, again.Position);
        Assert.True(saved[10].IsEnded); // What is known to be finished stays so.
    }

    [Fact]
    public void A_snapshot_that_is_cut_short_has_everything_read_again()
    {
        Written(Make.Message(10, "s@x", "a@x")).Dispose();
        string name = _disk.Names()[0];
        _disk[name] = _disk[name][..^StateRecord.Bytes];
        using StateLog again = new(_disk, MemoryDisk.Directory);
        again.Load();
        Assert.True(again.IsDoubtful);
    }

    [Fact]
    public void A_later_format_stops_the_start()
    {
        Written().Dispose();
        string name = _disk.Names()[0];
        byte[] content = [.. _disk[name]];
        new StateRecord(StateKind.Format, StateReader.FormatVersion + 1, 3).Write(content);
        _disk[name] = content;
        using StateLog again = new(_disk, MemoryDisk.Directory);
        Assert.Throws<ConfigurationException>(again.Load);
    }

    [Fact]
    public void A_snapshot_that_fails_leaves_the_old_file_in_force()
    {
        QueuedMessage message = Make.Message(10, "s@x", "a@x");
        using StateLog log = Written(message);
        for (int call = 0; call < 4; call++)
        {
            int left = call;
            _disk.BeforeEach = () =>
            {
                if (left-- == 0)
                {
                    throw new IOException("no space");
                }
            };
            log.Add(StateKind.Done, 10, 0);
            Assert.Throws<IOException>(() => log.Compact(Place, [message], Aside()));
            _disk.BeforeEach = () => { };
            using StateLog again = new(_disk, MemoryDisk.Directory);
            Assert.Contains(10UL, again.Load().Keys);
            Assert.False(again.IsDoubtful);
        }
    }

    [Fact]
    public void Holds_come_back_from_marks_and_from_a_snapshot()
    {
        QueuedMessage message = Make.Message(10, "s@x", "a@x", "b@x", "c@x");
        using (StateLog log = Written(message))
        {
            log.Add(StateKind.Hold, 10, 1);
            log.Add(StateKind.Hold, 10, 2);
            log.Add(StateKind.Release, 10, 2);
            log.Add(StateKind.Hold, 11, HeldRecipients.Everyone);
            log.Sync();
        }

        using StateLog again = new(_disk, MemoryDisk.Directory);
        Dictionary<ulong, SavedMessage> saved = again.Load();
        Assert.Equal([1], saved[10].Held!.All());
        Assert.True(saved[11].Held!.Contains(12_345));

        message.Held = saved[10].Held;
        again.Compact(Place, [message], Aside(77));
        using StateLog third = new(_disk, MemoryDisk.Directory);
        saved = third.Load();
        Assert.Equal([1], saved[10].Held!.All());
        Assert.Equal([3], saved[77].Held!.All());
        Assert.False(third.IsDoubtful);
    }

    [Fact]
    public void Routes_come_back_and_a_file_has_their_version_while_there_are_some()
    {
        QueuedMessage message = Make.Message(10, "s@x", "a@x", "b@x");
        string longest = new string('h', StateRoutes.TextBytesMax - 3) + ":25";
        using (StateLog log = Written(message))
        {
            Assert.Equal(2UL, Version());
            message.Routes = new RecipientRoutes();
            Set(log, message, 0, "one.example:25");
            Assert.True(log.MustCompact);
            log.Sync(); // It waits for the new file: an earlier version could not read it.
            Assert.Equal(2UL, Version());
            log.Compact(Place, [message], Aside());
            Assert.False(log.MustCompact);
            Set(log, message, 1, longest);
            Set(log, message, 0, "one.example:25");
            log.Sync();
        }

        Assert.Equal(3UL, Version());
        using StateLog again = new(_disk, MemoryDisk.Directory);
        message.Routes = again.Load()[10].Routes!;
        Assert.Equal("one.example:25", ByteText.ToText(again.Routes.Find(message.Routes.Of(0))));
        Assert.Equal(longest, ByteText.ToText(again.Routes.Find(message.Routes.Of(1))));
        again.Compact(Place, [message], Aside());
        using StateLog third = new(_disk, MemoryDisk.Directory);
        message.Routes = third.Load()[10].Routes!;
        Assert.Equal(longest, ByteText.ToText(third.Routes.Find(message.Routes.Of(1))));
        message.Routes.Set(0, StateRoutes.Usual);
        message.Routes.Set(1, StateRoutes.Usual);
        third.Compact(Place, [message], Aside());
        Assert.Equal(2UL, Version());
        Assert.True(third.Routes.IsEmpty);
    }

    /// <summary>Each piece of a text is a record of its own: what is left of it is no other host.
    /// </summary>
    [Fact]
    public void A_route_of_which_a_piece_is_lost_is_none()
    {
        QueuedMessage message = Make.Message(10, "s@x", "a@x");
        message.Routes = new RecipientRoutes();
        using (StateLog log = Written(message))
        {
            Set(log, message, 0, "mail.relay.example.org:25");
            log.Compact(Place, [message], Aside());
        }

        string name = _disk.Names()[0];
        byte[] sound = [.. _disk[name]];
        int pieces = 0;
        for (int at = 0; at < sound.Length; at += StateRecord.Bytes)
        {
            if (StateRecord.Read(sound.AsSpan(at)) is { Kind: StateKind.RouteText })
            {
                pieces++;
                _disk[name] = [.. sound[..(at + 20)], (byte)(sound[at + 20] ^ 1),
                    .. sound[(at + 21)..]];
                using StateLog again = new(_disk, MemoryDisk.Directory);
                RecipientRoutes routes = again.Load()[10].Routes!;
                Assert.Null(again.Routes.Find(routes.Of(0)));
                Assert.Equal(1, again.DamagedRecords);
            }
        }

        Assert.Equal(4, pieces);
    }

    [Fact]
    public void There_are_so_many_routes_and_no_more()
    {
        StateRoutes routes = new();
        for (int i = 0; i < StateRoutes.RoutesMax; i++)
        {
            Assert.NotNull(routes.Add(ByteText.ToBytes($"h{i}:25"), out var added));
            Assert.NotEmpty(added);
        }

        Assert.Equal(5, routes.Add("h4:25"u8, out _)!.Value);
        Assert.Null(routes.Add("another:25"u8, out _));
        routes.Keep(new HashSet<ushort> { 7 });
        Assert.Equal("h6:25", ByteText.ToText(routes.Find(7)));
        Assert.Equal(1, routes.Add("another:25"u8, out _)!.Value);
    }

    private ulong Version() => StateRecord.Read(_disk[_disk.Names()[0]].ToArray())!.Value.Number;

    private static void Set(StateLog log, QueuedMessage message, int recipient, string route)
    {
        ushort number = log.Routes.Add(ByteText.ToBytes(route), out var added)!.Value;
        foreach (StateRecord record in added)
        {
            log.Add(record.Kind, record.Number, record.Value);
        }

        message.Routes!.Set(recipient, number);
        log.Add(StateKind.Route, message.Number, StateRecord.OfRoute(number, recipient));
    }

    [Fact]
    public void What_version_1_wrote_is_still_read()
    {
        WriteFile(1, new StateRecord(StateKind.Live, 10, 0));
        using StateLog log = new(_disk, MemoryDisk.Directory);
        Assert.Contains(10UL, log.Load().Keys);
        Assert.False(log.IsDoubtful);
    }

    [Fact]
    public void What_a_later_version_wrote_is_refused()
    {
        WriteFile(StateReader.FormatVersion + 1, new StateRecord(StateKind.Live, 10, 0));
        using StateLog log = new(_disk, MemoryDisk.Directory);
        ConfigurationException e =
            Assert.Throws<ConfigurationException>(() => log.Load());
        Assert.Contains("written by a later Kopis", e.Message);
    }

    private void WriteFile(ulong version, StateRecord record)
    {
        byte[] bytes = new byte[2 * StateRecord.Bytes];
        new StateRecord(StateKind.Format, version, 2).Write(bytes);
        record.Write(bytes.AsSpan(StateRecord.Bytes));
        int fd = _disk.Open(
            $"{MemoryDisk.Directory}/{StateReader.FileName(1)}",
            OpenFlags.ReadWrite | OpenFlags.Create);
        _disk.WriteAt(fd, bytes, 0);
        _disk.SyncData(fd);
        _disk.Close(fd);
    }

    private StateLog Written(params QueuedMessage[] messages)
    {
        StateLog log = new(_disk, MemoryDisk.Directory);
        log.Load();
        log.Compact(Place, messages, Aside());
        return log;
    }

    private static Dictionary<ulong, SavedMessage> Aside(params ulong[] numbers) =>
        numbers.ToDictionary(number => number, _ => SavedWith(2));

    private static SavedMessage SavedWith(int done)
    {
        SavedMessage saved = new();
        saved.AddDone(done);
        saved.Hold(3);
        return saved;
    }
}
