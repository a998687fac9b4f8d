using System.Text;
using Kopis.Queue.Commands;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>What many recipients at many destinations cost, and many messages.
/// <c>KOPIS_SCALE</c> is how many; a twentieth of it are destinations. <c>KOPIS_FIGURES</c> is a
/// file for what was measured.</summary>
[Collection(MemoryIsMeasured.Name)]
public class ScaleTests(ITestOutputHelper output)
{
    private const int Usual = 100_000;
    private const int EachDestination = 20;
    private const int InList = 10_000;
    private const int BytesMost = 200;

    private static readonly TimeSpan StartMost = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookMost = TimeSpan.FromMilliseconds(50);

    private static int Scale => int.TryParse(
        Environment.GetEnvironmentVariable("KOPIS_SCALE"), out int count) ? count : Usual;

    /// <summary>All wait: nothing may start, since none of the destinations is known.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Many_recipients_take_little_memory_and_time(bool isKnown)
    {
        int count = Scale;
        int destinations = count / EachDestination;
        long before = Memory();
        long start = TimeProvider.System.GetTimestamp();
        RemoteQueue queue = new(1, asks: !isKnown, _ => DestinationLimits.Usual);
        Scheduler scheduler = new(604_800, batch: true, remote: queue);
        for (int list = 0; list < count / InList; list++)
        {
            scheduler.Add(List(list, destinations));
        }

        Tick(scheduler, Make.Born);
        while (scheduler.NextDue(DeliveryChannel.Remote, hasRoom: false) == 0)
        {
            Tick(scheduler, Make.Born);
        }

        TimeSpan started = TimeProvider.System.GetElapsedTime(start);
        Assert.Equal(count, queue.Waiting);
        long bytes = (Memory() - before) / count;
        start = TimeProvider.System.GetTimestamp();
        int waiting = queue.Destinations.Sum(one => one.Waiting);
        TimeSpan looked = TimeProvider.System.GetElapsedTime(start);
        Assert.Equal(isKnown ? count : 0, waiting);
        Say($"{count} recipients at {destinations} destinations"
            + $"{(isKnown ? "" : " not known yet")}: {bytes} bytes each, sorted in "
            + $"{started.TotalSeconds:f1} s, looked at in {looked.TotalMilliseconds:f1} ms");
        GC.KeepAlive(scheduler);
        Assert.InRange(bytes, 1, BytesMost);
        Assert.InRange(started, TimeSpan.Zero, StartMost);
        Assert.InRange(looked, TimeSpan.Zero, LookMost);
    }

    /// <summary>Half of them in memory, in any order, and half on the disk. Before: the numbers of
    /// all were copied and sorted in one step.</summary>
    [Fact]
    public void A_command_about_many_messages_takes_small_steps()
    {
        const int Submitters = 10;
        int half = Scale / 2;
        Scheduler scheduler = new(604_800, batch: true);
        int[] order = [.. Enumerable.Range(1, half)];
        new Random(1).Shuffle(order);
        foreach (int i in order)
        {
            scheduler.Add(Make.Message(2UL * (ulong)i, "s@l.example", "recipient@host.example"));
        }

        WaitingRow[] rows =
            [.. Enumerable.Range(0, Submitters).Select(i => new WaitingRow((ulong)i))];
        for (int i = 0; i < half; i++)
        {
            rows[i % Submitters].Add((2UL * (ulong)i) + 1);
        }

        // The best of three: the host may do something else.
        TimeSpan longest = Enumerable.Range(0, 3).Min(_ => LongestStep(rows, scheduler, half));
        Say($"{2 * half} messages, half of them on the disk: the longest step of a command takes "
            + $"{longest.TotalMilliseconds:f1} ms");
        GC.KeepAlive(scheduler);
        Assert.InRange(longest, TimeSpan.Zero, LookMost);
    }

    private static TimeSpan LongestStep(WaitingRow[] rows, Scheduler scheduler, int half)
    {
        Candidates candidates = new(new QueueSelection(), rows, () => [.. scheduler.Messages]);
        TimeSpan longest = TimeSpan.Zero;
        ulong last = 0;
        for (bool isFound = false; !isFound || !candidates.IsOver;)
        {
            int before = candidates.Count;
            long start = TimeProvider.System.GetTimestamp();
            for (int i = 0; isFound && i < Candidates.StepMessages && !candidates.IsOver; i++)
            {
                Assert.Equal(last + 1, candidates.Next());
                last++;
            }

            isFound = candidates.Find();
            TimeSpan took = TimeProvider.System.GetElapsedTime(start);
            longest = took > longest ? took : longest;
            Assert.InRange(candidates.Count - before, 0, Candidates.StepMessages);
        }

        Assert.Equal((2 * half, 2 * half), (candidates.Count, candidates.Passed));
        return longest;
    }

    private void Say(string figure)
    {
        output.WriteLine($"scale: {figure}");
        if (Environment.GetEnvironmentVariable("KOPIS_FIGURES") is { Length: > 0 } file)
        {
            File.AppendAllText(file, $"scale: {figure}\n");
        }
    }

    /// <summary>In use, in bytes; what only finalizers hold is let go first.</summary>
    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static void Tick(Scheduler scheduler, long now) => scheduler.Tick(now, 0);

    private static WholeMessage List(int list, int destinations)
    {
        (byte[], DeliveryChannel)[] recipients = new (byte[], DeliveryChannel)[InList];
        for (int i = 0; i < InList; i++)
        {
            int number = (list * InList) + i;
            recipients[i] = (Encoding.ASCII.GetBytes(
                $"recipient{number:d7}@host{number % destinations}.example"),
                DeliveryChannel.Remote);
        }

        WholeMessage message = new(
            (ulong)list + 1, Make.Born, "list-owner@host.example"u8, recipients);
        message.SetDue(DeliveryChannel.Local, Make.Born);
        message.SetDue(DeliveryChannel.Remote, Make.Born);
        return message;
    }
}
