using Kopis.Queue;

namespace Kopis.Send.Tests;

public sealed class StateLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-state");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void What_was_synced_is_read_back()
    {
        Write(message => message.SetState(0, RecipientState.Done), log =>
        {
            log.Add(StateKind.Done, 7, 1);
            log.Add(StateKind.End, 9, 0);
            log.Sync();
            log.Add(StateKind.End, 7, 0); // Not synced: the crash comes before.
        });
        (StateLog again, Dictionary<ulong, SavedMessage> saved) = Load();
        Assert.Equal(new ScanPosition(3, 64), again.Position);
        Assert.True(saved[7].IsLive);
        Assert.False(saved[7].IsEnded);
        Assert.Equal([0, 1], saved[7].Done.Order());
        Assert.Equal(400, saved[7].RemoteDue);
        Assert.True(saved[9].IsEnded);
        Assert.Null(again.Damage);
    }

    [Fact]
    public void A_torn_tail_is_cut_at_every_byte()
    {
        Write(_ => { }, log =>
        {
            log.Add(StateKind.Done, 7, 1);
            log.Sync();
        });
        string file = Directory.GetFiles(_directory.FullName)[0];
        byte[] whole = File.ReadAllBytes(file);
        for (int length = whole.Length - StateRecord.Bytes; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            (StateLog log, Dictionary<ulong, SavedMessage> saved) = Load();
            Assert.Null(log.Damage);
            Assert.True(saved[7].IsLive);
            Assert.Empty(saved[7].Done);
        }
    }

    [Fact]
    public void Damage_inside_harms_no_other_record_and_everything_in_the_store_is_looked_at_again()
    {
        Write(_ => { }, log =>
        {
            log.Add(StateKind.Done, 7, 0);
            log.Add(StateKind.Done, 7, 1);
            log.Sync();
        });
        string file = Directory.GetFiles(_directory.FullName)[0];
        byte[] bytes = File.ReadAllBytes(file);
        for (int record = 0; record < (bytes.Length / StateRecord.Bytes) - 1; record++)
        {
            byte[] bad = [.. bytes];
            bad[(record * StateRecord.Bytes) + 9] ^= 0x10;
            File.WriteAllBytes(file, bad);
            (StateLog log, Dictionary<ulong, SavedMessage> saved) = Load();
            Assert.NotNull(log.Damage);
            Assert.Equal(ScanPosition.Start, log.Position);
            Assert.Contains(1, saved[7].Done);
        }
    }

    [Fact]
    public void A_new_file_takes_the_old_ones_place()
    {
        Write(_ => { }, log =>
        {
            log.Compact(new ScanPosition(5, 16), [Message(8)]);
            log.Add(StateKind.Done, 8, 0);
            log.Sync();
        });
        Assert.Single(Directory.GetFiles(_directory.FullName));
        (StateLog again, Dictionary<ulong, SavedMessage> saved) = Load();
        Assert.Equal(new ScanPosition(5, 16), again.Position);
        Assert.Equal([8ul], saved.Keys);
        Assert.Equal([0], saved[8].Done);
    }

    private static QueuedMessage Message(ulong number)
    {
        QueuedMessage message = new(number, 0, "s@x"u8.ToArray(),
            [("a@b"u8.ToArray(), DeliveryChannel.Local),
                ("c@d"u8.ToArray(), DeliveryChannel.Remote)]);
        message.SetDue(DeliveryChannel.Remote, 400);
        return message;
    }

    private void Write(Action<QueuedMessage> change, Action<StateLog> write)
    {
        using StateLog log = new(_directory.FullName);
        log.Load();
        QueuedMessage message = Message(7);
        change(message);
        log.Compact(new ScanPosition(3, 64), [message]);
        write(log);
    }

    private (StateLog Log, Dictionary<ulong, SavedMessage> Saved) Load()
    {
        using StateLog log = new(_directory.FullName);
        return (log, log.Load());
    }
}
