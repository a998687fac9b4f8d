using Kopis.Base;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>What receivers with limits are sent in virtual time, and at which part of the rate that
/// their limits allow. <c>KOPIS_FIGURES</c> is a file for what was found.</summary>
public class LimitFigureTests(ITestOutputHelper output)
{
    private const int Messages = 1000;
    private const double Least = 0.9;

    /// <summary>Each recipient is refused once, and taken 300 s later.</summary>
    [Fact]
    public void Greylisting_costs_the_time_that_it_asks_for()
    {
        (SendingModel model, Receiver receiver) = Among(ReceiverKind.Greylisting);
        List<WholeMessage> all = Send(model);
        model.Run(model.Now + 3_600_000);
        long[] waits = [.. all.Select(one =>
            model.EndedAt(one)!.Value - model.FirstStart(one)!.Value).Order()];
        double share = Receiver.GreySeconds * 1000.0 / waits[Messages / 2];
        double least = Receiver.GreySeconds * 1000.0 / waits[^1];
        Say($"greylisting of {Receiver.GreySeconds} s: {Messages} messages in {receiver.Probes} "
            + $"deliveries, {receiver.Probes - Messages} refusals; taken "
            + $"{waits[Messages / 2] / 1000.0:f0} s after the first try (the last "
            + $"{waits[^1] / 1000.0:f0} s): {share:p0} of the rate that is allowed");
        Assert.Equal(2 * Messages, receiver.Probes);
        Assert.InRange(least, Least, 1);
    }

    [Fact]
    public void A_rate_is_used()
    {
        (SendingModel model, Receiver receiver) = Among(ReceiverKind.RateLimited);
        List<WholeMessage> all = Send(model);
        long start = model.Now;
        model.Run(model.Now + 7_200_000);
        double took = all.Max(one => model.EndedAt(one)!.Value) - start;
        double share = Messages / (took / Receiver.RatePeriod) / Receiver.Rate;
        Say($"{Receiver.Rate} messages a minute: {Messages} in {took / 60_000:f1} minutes, "
            + $"{receiver.Probes - Messages} refusals, {receiver.MostInPeriod()} in a minute at "
            + $"most: {share:p0} of the rate that is allowed");
        Assert.InRange(receiver.MostInPeriod(), 0, Receiver.Rate);
        Assert.InRange(share, Least, 1);
    }

    [Fact]
    public void A_limit_of_recipients_is_found_once()
    {
        (SendingModel model, Receiver receiver) = Among(ReceiverKind.TakesFew);
        WholeMessage list = model.Send(
            1, "list@x", [.. Enumerable.Range(0, Messages).Select(i => $"m{i}@d.example")]);
        int takes = receiver.Takes(model.Now, SendingModel.Born);
        model.Run(model.Now + 200_000);
        Assert.All(Enumerable.Range(0, Messages), i =>
            Assert.Equal(Verdict.Delivered, model.EndOf(list, i)));
        Say($"{takes} recipients of a message: a list of {Messages} in {receiver.Probes} "
            + $"deliveries, too many in one probe of {receiver.TooFull} deliveries at once");
        Assert.Equal(1, receiver.Excesses);
        Assert.InRange(receiver.TooFull, 1, DestinationLimits.UsualInitial);
    }

    private static (SendingModel Model, Receiver Receiver) Among(ReceiverKind kind)
    {
        SendingModel model = new(new Random(7), 100, asks: false, batch: true, 604_800);
        return (model, model.Add("d.example", kind));
    }

    private static List<WholeMessage> Send(SendingModel model) =>
    [
        .. Enumerable.Range(0, Messages).Select(
            i => model.Send(1, $"s{i}@x", $"m{i}@d.example")),
    ];

    private void Say(string figure)
    {
        output.WriteLine($"limits: {figure}");
        if (Environment.GetEnvironmentVariable("KOPIS_FIGURES") is { Length: > 0 } file)
        {
            File.AppendAllText(file, $"limits: {figure}\n");
        }
    }
}
