using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Queue.Spawn;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>A queue with deliveries, and commands that are given to it.</summary>
public abstract class CommandCase : IDisposable
{
    protected CommandCase() => Start();

    /// <summary>Whole envelopes, and long ones that stay on the disk.</summary>
    public static TheoryData<int> EnvelopeSizes => [0, int.MaxValue];

    private protected World World { get; } = new();

    private protected SendCore Core { get; private set; } = null!;

    private protected CommandQueue Commands { get; private set; } = null!;

    private protected long Now { get; set; } = Make.Born;

    public void Dispose()
    {
        Core.Dispose();
        World.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static QueueSelection Of(ulong number) => new() { Numbers = [number] };

    private protected static QueueRequest List() => new(QueueVerb.List, new QueueSelection());

    private protected void Step(int most, Func<bool> isOver)
    {
        for (int i = 0; i < most && !isOver(); i++)
        {
            Commands.Step(Now);
            Core.MakeDurable();
            Commands.OnMarks(isSettled: true);
            World.Flush();
        }
    }

    private protected void Start(long memoryBytesMax = long.MaxValue, bool batch = false)
    {
        Core = World.Start(Now, batch, memoryBytesMax: memoryBytesMax);
        Commands = new CommandQueue(Core.Actions);
    }

    /// <summary>Only what is durable is left.</summary>
    private protected void Crash()
    {
        World.Flush();
        World.Crash(new Random(1));
        Start();
        Turn();
    }

    private protected ulong Add(params string[] recipients)
    {
        ulong number = World.Add(Now, "s@far.example", recipients);
        Core.MoreToRead = true;
        Turn();
        return number;
    }

    private protected void Turn()
    {
        Core.ReadNew(Now);
        Core.FinishMessages(Now);
        Core.MakeDurable();
        World.Flush();
    }

    private protected void Later() => Now += 100_000;

    /// <summary>Delivers the next local recipient; null where none is due.</summary>
    private protected string? Deliver()
    {
        // A look may find nothing at first: passes close, and open again.
        Delivery? delivery = null;
        for (int i = 0; i < 3 && delivery is null; i++)
        {
            delivery = Core.Next(DeliveryChannel.Local, Now);
        }

        if (delivery is null)
        {
            return null;
        }

        string address = Make.Addresses(delivery).Single();
        World.Message(delivery.Message.Number).Delivered.Add(address);
        Core.SetTime(Now, 0);
        Core.Report(delivery, new DeliveryReport(0, Verdict.Delivered, []));
        Turn();
        return address;
    }

    private protected void Defer(string text)
    {
        Delivery delivery = Core.Next(DeliveryChannel.Local, Now)!;
        Core.Report(
            delivery, new DeliveryReport(0, Verdict.Retry, Encoding.Latin1.GetBytes(text)));
    }

    private protected bool IsEnded(ulong number) => World.Message(number).IsEnded;

    private protected QueueCounts Give(QueueRequest request) => Answers(request)
        .Where(answer => answer.Kind == QueueFrame.End)
        .Select(answer => QueueCounts.Parse(answer.Content)!.Value).Single();

    private protected static QueueRequest? Sent(QueueRequest request)
    {
        ArrayBufferWriter<byte> frame = new();
        request.Write(frame);
        return QueueRequest.Parse(
            frame.WrittenSpan[sizeof(uint)], frame.WrittenSpan[QueueFrame.HeadBytes..]);
    }

    private protected List<string> Rows(QueueSelection selection)
    {
        List<string> rows = [];
        ulong number = 0;
        foreach ((byte kind, byte[] content) in Answers(Sent(
            new QueueRequest(QueueVerb.List, selection))!))
        {
            number = kind == QueueFrame.Message
                ? ListedMessage.Parse(content)!.Number : number;
            if (kind == QueueFrame.Recipient)
            {
                string address =
                    Encoding.ASCII.GetString(ListedRecipient.Parse(content)!.Address);
                rows.Add($"{number} {address}");
            }
        }

        return rows;
    }

    private protected ListedRecipient[] List(QueueSelection selection) =>
        [.. Answers(new QueueRequest(QueueVerb.List, selection))
            .Where(answer => answer.Kind == QueueFrame.Recipient)
            .Select(answer => ListedRecipient.Parse(answer.Content)!)];

    private protected List<(byte Kind, byte[] Content)> Answers(QueueRequest request)
    {
        CommandOutput output = new();
        Commands.Add(request, "uid 0", output);
        for (int i = 0; i < 100 && !output.IsComplete; i++)
        {
            Commands.Step(Now);
            Core.FinishMessages(Now);
            Core.MakeDurable();
            Commands.OnMarks(isSettled: true);
            World.Flush();
        }

        Assert.True(output.IsComplete);
        List<(byte, byte[])> answers = [];
        ReadOnlySpan<byte> rest = output.Bytes.WrittenSpan;
        while (!rest.IsEmpty)
        {
            int length = QueueFrame.LengthOf(rest, QueueFrame.AnswerBytesMax);
            answers.Add((rest[sizeof(uint)], rest[QueueFrame.HeadBytes..length].ToArray()));
            rest = rest[length..];
        }

        return answers;
    }
}
