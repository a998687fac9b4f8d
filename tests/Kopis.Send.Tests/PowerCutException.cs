namespace Kopis.Send.Tests;

/// <summary>The simulated machine is off. Nothing in the product may catch this.</summary>
internal sealed class PowerCutException : Exception
{
    internal PowerCutException()
        : base("The power went.")
    {
    }
}
