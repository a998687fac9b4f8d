using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>What a report tells of a destination's health.</summary>
public class AttemptResultTests
{
    /// <summary>A server that takes each message and loses the reply is there: it gets mail at its
    /// own pace, and no message waits for a probe.</summary>
    [Theory]
    [InlineData(AttemptStage.Connect, 10, AttemptKind.Unreachable)]
    [InlineData(AttemptStage.Greeting, 10, AttemptKind.Unreachable)]
    [InlineData(AttemptStage.Hello, 10, AttemptKind.Unreachable)]
    [InlineData(AttemptStage.Mail, 10, AttemptKind.Busy)]
    [InlineData(AttemptStage.Data, 10, AttemptKind.Busy)]
    [InlineData(AttemptStage.Message, 10, AttemptKind.Busy)]
    [InlineData(AttemptStage.Message, 1_200_000, AttemptKind.Unreachable)]
    internal void A_connection_that_dies(AttemptStage stage, uint milliseconds, AttemptKind kind)
    {
        AttemptDetail detail = new()
        {
            Stage = stage,
            Class = BounceClass.ConnectionFailed,
            Milliseconds = milliseconds,
        };
        DeliveryReport report = new(
            1, Verdict.Retry, "Connected to 192.0.2.1 but connection died. (#4.4.2)\n"u8.ToArray())
        {
            Detail = detail,
        };
        Assert.Equal(kind, AttemptResult.Of(report).Kind);
    }

    [Theory]
    [InlineData("Connected to 192.0.2.1 but connection died. (#4.4.2)", AttemptKind.Unreachable)]
    [InlineData(
        "Connected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)",
        AttemptKind.Busy)]
    internal void Words_of_a_qmail_remote_of_another_make(string text, AttemptKind kind) =>
        Assert.Equal(kind, AttemptResult.Of(
            new DeliveryReport(1, Verdict.Retry, ByteText.ToBytes(text + "\n"))).Kind);
}
