using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>All who submit over the network are one user of this host: one of them who floods the
/// queue makes himself wait, and no other.</summary>
public class SubmitterFairnessTests
{
    private const uint Network = 7;

    private readonly Scheduler _scheduler = new(604_800, batch: false);
    private ulong _number;

    [Theory]
    [InlineData(DeliveryChannel.Local), InlineData(DeliveryChannel.Remote)]
    internal void A_flood_of_one_keeps_no_others_mail_waiting(DeliveryChannel channel)
    {
        string kind = channel == DeliveryChannel.Local ? "l" : "r";
        for (int i = 0; i < 50_000; i++)
        {
            Add(Network, client: 666, $"{kind}{i}@d{i}");
        }

        Add(Network, client: 2, $"{kind}alice@d");
        Add(uid: 1000, client: 0, $"{kind}bob@d");
        List<string> first = [];
        for (int i = 0; i < 20; i++)
        {
            first.AddRange(Make.Addresses(_scheduler.Next(channel, Make.Born)!));
        }

        Assert.Contains($"{kind}alice@d", first);
        Assert.Contains($"{kind}bob@d", first);
    }

    /// <summary>Of any number of submitters and their floods: who has n of the submitters before
    /// him has his first delivery within n turns, and users of this host within as many as there
    /// are of those.</summary>
    [Trait("Size", "large")]
    [Fact]
    public void Everybodys_first_mail_has_its_turn_whatever_others_submit()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            Random random = new(seed);
            Scheduler scheduler = new(604_800, batch: false);
            int clients = random.Next(1, 200);
            int users = random.Next(1, 10);
            List<(uint Uid, uint Client)> all =
            [
                .. Enumerable.Range(1, clients).Select(i => (Network, (uint)i)),
                .. Enumerable.Range(0, users).Select(i => (1000 + (uint)i, 0u)),
            ];
            ulong number = 0;
            foreach ((uint uid, uint client) in all)
            {
                int messages = random.Next(3) == 0 ? random.Next(100, 3000) : 1;
                for (int i = 0; i < messages; i++)
                {
                    scheduler.Add(Make.MessageOf(
                        uid, ++number, "s@x", [$"l{uid}-{client}-{i}@d"], Make.Born, client));
                }
            }

            Dictionary<(uint, uint), int> first = [];
            for (int turn = 0; first.Count < all.Count; turn++)
            {
                Assert.InRange(turn, 0, 100_000);
                if (scheduler.Next(DeliveryChannel.Local, Make.Born) is { } delivery)
                {
                    QueuedMessage message = delivery.Message;
                    first.TryAdd((message.Uid, message.Client), turn);
                }
            }

            int looks = 2; // A look may find that a pass is over.
            Assert.All(first, one => Assert.InRange(
                one.Value, 0, one.Key.Item1 == Network
                    ? looks * (clients + 1) * (users + 1) : looks * (users + 1)));
        }
    }

    /// <summary>Before: it was in the part of nobody, so that a user with more submitters had
    /// more.</summary>
    [Fact]
    public void What_is_kept_of_submitters_is_in_their_users_part()
    {
        QueueMemory memory = new(1000);
        const ulong First = ((ulong)Network << 32) | 1;
        memory.HoldRow(First, 400);
        Assert.True(memory.HasRoom(First)); // Rows alone keep no message waiting.
        memory.Hold(First, 100);
        Assert.False(memory.HasRoom(First));
        Assert.True(memory.HasRoom(First + 1));
        memory.HoldRow(First, -400);
        Assert.True(memory.HasRoom(First));
        Assert.Equal(100, memory.Used);
    }

    [Fact]
    public void Long_lists_of_one_leave_passes_to_others_and_all_have_theirs()
    {
        using World world = new() { EnvelopeBytesMax = 100, Uid = Network };
        for (uint client = 1; client <= 100; client++)
        {
            world.Client = client;
            for (int i = client == 1 ? 300 : 1; i > 0; i--)
            {
                world.Add(Make.Born, $"s{client}@l.example",
                    [.. Enumerable.Range(0, 4).Select(n => $"u{client}-{i}-{n}@l.example")]);
            }
        }

        using SendCore core = world.Start(Make.Born);
        while (core.MoreToRead)
        {
            core.ReadNew(Make.Born);
        }

        HashSet<string> senders = [];
        List<Delivery> running = [];
        for (int looks = 0; looks < 2000 && senders.Count < 100; looks++)
        {
            if (core.Next(DeliveryChannel.Local, Make.Born) is { } delivery)
            {
                senders.Add(ByteText.ToText(delivery.Message.Sender));
                foreach (string address in Make.Addresses(delivery))
                {
                    world.Message(delivery.Message.Number).Delivered.Add(address);
                }

                running.Add(delivery);
            }

            if (running.Count == 10)
            {
                core.Report(running[0], new DeliveryReport(0, Verdict.Delivered, []));
                running.RemoveAt(0);
            }
        }

        Assert.Equal(100, senders.Count);
    }

    private void Add(uint uid, uint client, string recipient) => _scheduler.Add(
        Make.MessageOf(uid, ++_number, "s@x", [recipient], Make.Born, client));
}
