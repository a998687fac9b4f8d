namespace Kopis.Local.Delivery;

/// <summary>The slot that a delivery needs to run a program of a .qmail file. qmail-lspawn limits
/// how many programs run at once.</summary>
internal interface IProgramPlace
{
    /// <summary>Waits for a slot.</summary>
    /// <returns>False if there will be none.</returns>
    bool Acquire();

    /// <summary>Releases the slot when the program has ended.</summary>
    void Release();
}
